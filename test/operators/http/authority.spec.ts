import { describe, expect, it } from 'vitest';
import {
  defaultPort,
  isAuthority,
  joinAuthority,
  sameAuthority,
  splitAuthority,
} from '../../../operators/http/authority.js';

it.each<[string, string, [string, number] | undefined]>([
  ['Example.COM', 'http', ['example.com', 80]],
  ['example.com:8080', 'http', ['example.com', 8080]],
  ['example.com:', 'https', ['example.com', 443]],
  ['example.com', '', ['example.com', -1]],
  ['example.com', 'gopher', ['example.com', -1]],
  ['example.com:0', '', ['example.com', 0]],
  ['example.com:00080', '', ['example.com', 80]],
  ['example.com:65535', '', ['example.com', 65535]],
  ['example.com:65536', '', undefined],
  ['example.com:80a', '', undefined],
  ['example.com:-1', '', undefined],
  ['[::1]', 'https', ['::1', 443]],
  ['[2001:DB8::1]:81', '', ['2001:db8::1', 81]],
  ['[::1]x', '', undefined],
  ['[::1', '', undefined],
  ['[]', '', undefined],
  ['[1.2.3.4]', '', undefined],
  ['::1', '', undefined],
  ['1.2.3.4:1', '', ['1.2.3.4', 1]],
  ['', 'http', ['', 80]],
  [':80', '', ['', 80]],
  ['user@host', '', undefined],
  ['user:pass@host', '', undefined],
  ['a,b', '', undefined],
  ['a b', '', undefined],
  ['a/b', '', undefined],
  ['a\r\n', '', undefined],
  ['a\0', '', undefined],
  ['é', '', undefined],
  ['a%41', '', ['a%41', -1]],
  ['a%4', '', undefined],
  ['a%zz', '', undefined],
])('splitAuthority(%j, %j)', (text, scheme, expected) => {
  const split = splitAuthority(text, scheme);
  expect(split && [split.host, split.port]).toEqual(expected);
  expect(isAuthority(text)).toBe(expected !== undefined);
});

describe('joinAuthority', () => {
  it.each([
    ['h', 80, 'http', 'h'],
    ['h', 443, 'http', 'h:443'],
    ['h', 443, 'https', 'h'],
    ['h', -1, '', 'h'],
    ['::1', 80, 'http', '[::1]'],
    ['::1', 81, 'http', '[::1]:81'],
  ])('%j, %i, %j', (host, port, scheme, expected) => {
    expect(joinAuthority(host, port, scheme)).toBe(expected);
    expect(splitAuthority(expected, scheme)).toEqual({ host, port });
  });
});

it('sameAuthority: host case and the default port do not matter', () => {
  expect(sameAuthority('A:80', 'a', 'http')).toBe(true);
  expect(sameAuthority('a:80', 'a', 'https')).toBe(false);
  expect(sameAuthority('a', 'b', 'http')).toBe(false);
  expect(sameAuthority('a b', 'a', 'http')).toBe(false);
});

it('defaultPort', () => {
  expect(['http', 'ws', 'https', 'wss', 'ftp'].map(defaultPort)).toEqual([80, 80, 443, 443, -1]);
});
