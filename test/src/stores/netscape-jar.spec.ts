import { describe, expect, it } from 'vitest';
import { CookieStore } from '../../../src/stores/cookie-store.js';
import { readNetscapeJar, writeNetscapeJar } from '../../../src/stores/netscape-jar.js';
import { Clock } from './clock.js';

const NOW = Date.UTC(2026, 0, 1);
const A = 'https://www.a.test/x/y';

describe('writeNetscapeJar', () => {
  it('columns as curl has them: domain, below it too, path, secure, seconds, name, value', () => {
    const cookies = new CookieStore({ scheduler: new Clock(NOW) });
    for (const one of ['a=1; Path=/', 'b=2; Domain=a.test; Secure; Max-Age=60', 'c=; HttpOnly'])
      cookies.store(one, { url: A });
    expect(writeNetscapeJar(cookies)).toBe(
      '# Netscape HTTP Cookie File\n\n' +
        'www.a.test\tFALSE\t/\tFALSE\t0\ta\t1\n' +
        '#HttpOnly_www.a.test\tFALSE\t/x\tFALSE\t0\tc\t\n' +
        `.a.test\tTRUE\t/x\tTRUE\t${NOW / 1000 + 60}\tb\t2\n`,
    );
  });

  it('is read back as it was, but for SameSite', () => {
    const cookies = new CookieStore({ scheduler: new Clock(NOW) });
    for (const one of ['a=1', 'b=2; Domain=a.test; Secure; Max-Age=60', 'c="x y,z"; HttpOnly']) {
      cookies.store(one, { url: A });
    }
    expect(readNetscapeJar(writeNetscapeJar(cookies), NOW)).toEqual([...cookies]);
    expect([...cookies]).toHaveLength(3);
  });

  it('what its columns cannot hold is left out, and adds no line', () => {
    const cookies = new CookieStore({ scheduler: new Clock(NOW) });
    for (const one of ['a=1', 'b=x\ty', '=nameless', 'c=1; Path=/p\tq']) cookies.store(one, { url: A });
    const [kept] = [...cookies];
    const injected = { ...kept!, name: 'x', value: '1\n.b.test\tTRUE\t/\tFALSE\t0\tevil\t1' };
    const text = writeNetscapeJar([...cookies, injected, { ...injected, value: '', path: '/\r' }]);
    expect(readNetscapeJar(text, NOW).map(({ name }) => name)).toEqual(['a']);
    expect(text.trimEnd().split('\n')).toHaveLength(3);
  });
});

describe('readNetscapeJar', () => {
  const line = (...columns: string[]): string => columns.join('\t');

  it('a file written by curl', () => {
    const text = [
      '# Netscape HTTP Cookie File',
      '# https://curl.se/docs/http-cookies.html',
      '',
      line('.example.com', 'TRUE', '/', 'FALSE', '0', 'session', '1'),
      line('#HttpOnly_example.com', 'FALSE', '/p', 'TRUE', '1893456000', 'kept', 'v=w'),
      '',
    ].join('\n');
    for (const file of [text, text.replaceAll('\n', '\r\n')]) {
      expect(readNetscapeJar(file, NOW)).toEqual([
        {
          name: 'session',
          value: '1',
          domain: 'example.com',
          hostOnly: false,
          path: '/',
          secure: false,
          httpOnly: false,
          sameSite: undefined,
          expires: undefined,
          created: NOW,
        },
        {
          name: 'kept',
          value: 'v=w',
          domain: 'example.com',
          hostOnly: true,
          path: '/p',
          secure: true,
          httpOnly: true,
          sameSite: undefined,
          expires: 1_893_456_000_000,
          created: NOW,
        },
      ]);
    }
  });

  it.each([
    ['no columns', 'x'],
    ['too few', line('a.test', 'FALSE', '/', 'FALSE', '0')],
    ['too many', line('a.test', 'FALSE', '/', 'FALSE', '0', 'a', '1', 'x')],
    ['a flag that is none', line('a.test', 'yes', '/', 'FALSE', '0', 'a', '1')],
    ['a time that is none', line('a.test', 'FALSE', '/', 'FALSE', '-1', 'a', '1')],
    ['no path', line('a.test', 'FALSE', 'x', 'FALSE', '0', 'a', '1')],
    ['no domain', line('', 'FALSE', '/', 'FALSE', '0', 'a', '1')],
    ['a control byte', line('a.test', 'FALSE', '/', 'FALSE', '0', 'a', '\x01')],
    ['a public suffix and all below it', line('.co.uk', 'TRUE', '/', 'FALSE', '0', 'a', '1')],
    ['an address and all below it', line('127.0.0.1', 'TRUE', '/', 'FALSE', '0', 'a', '1')],
    ['a prefix that is not kept', line('a.test', 'FALSE', '/', 'FALSE', '0', '__Secure-a', '1')],
    ['a comment', line('# a.test', 'FALSE', '/', 'FALSE', '0', 'a', '1')],
  ])('skips %s', (_, text) => {
    expect(readNetscapeJar(text, NOW)).toEqual([]);
  });

  it('a value may be missing', () => {
    expect(readNetscapeJar(line('a.test', 'FALSE', '/', 'FALSE', '0', 'a'), NOW)).toMatchObject([
      { name: 'a', value: '' },
    ]);
  });
});
