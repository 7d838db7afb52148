import { describe, expect, it } from 'vitest';
import { bakeCookie } from '../../../src/stores/bake-cookie.js';
import { parseSetCookie, type SetCookie } from '../../../src/stores/parse-set-cookie.js';

const NONE: SetCookie = {
  name: 'a',
  value: '1',
  expires: undefined,
  maxAge: undefined,
  domain: undefined,
  path: undefined,
  secure: false,
  httpOnly: false,
  sameSite: undefined,
};

describe('parseSetCookie', () => {
  it.each([
    ['a=1', {}],
    [' a = 1 ; Path = /x ; Secure', { path: '/x', secure: true }],
    ['a=1; MAX-AGE=5; max-age=6', { maxAge: 6 }],
    ['a=1; Max-Age=-1', { maxAge: -1 }],
    ['a=1; Max-Age=x; Expires=junk', {}],
    ['a=1; Expires=Thu, 01-Jan-70 00:00:01 GMT', { expires: 1000 }],
    ['a=1; Domain=.A.test; HttpOnly; unknown=x', { domain: 'a.test', httpOnly: true }],
    ['a=1; SameSite=STRICT', { sameSite: 'strict' }],
    ['a=1; SameSite=Strictly', {}],
    ['a="x, y"', { value: '"x, y"' }],
    ['=a=1', { name: '', value: 'a=1' }],
    ['a', { name: '', value: 'a' }],
    ['a=', { value: '' }],
  ] as [string, Partial<SetCookie>][])('%j', (text, more) => {
    expect(parseSetCookie(text)).toEqual({ ...NONE, ...more });
  });

  it.each(['', '=', ' ; Path=/', 'a=1\n', 'a\0=1', 'a=1; Path=/\x7f'])('%j is none', (text) => {
    expect(parseSetCookie(text)).toBeUndefined();
  });

  it('reads what bakeCookie writes', () => {
    const baked = { name: 'sid', value: '31d4', domain: 'a.test', path: '/', secure: true, httpOnly: true } as const;
    expect(parseSetCookie(bakeCookie({ ...baked, maxAge: 5, expires: 1000, sameSite: 'none' }))).toEqual({
      ...baked,
      maxAge: 5,
      expires: 1000,
      sameSite: 'none',
    });
  });
});
