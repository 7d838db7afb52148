import { describe, expect, it } from 'vitest';
import { Fields } from '../../../operators/http/fields.js';
import { bakeCookie, parseCookies, type BakeCookieConfig } from '../../../src/stores/bake-cookie.js';

describe('bakeCookie', () => {
  it.each([
    [{ name: 'a', value: '' }, 'a='],
    [{ name: 'a', value: '1', expires: 0 }, 'a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT'],
    [{ name: 'a', value: '1', expires: Infinity }, 'a=1'],
    [{ name: 'a', value: '1', expires: -Infinity }, 'a=1; Max-Age=0'],
    [{ name: 'a', value: '1', maxAge: 0 }, 'a=1; Max-Age=0'],
    [
      { name: 'a', value: '1', domain: 'a.test', path: '/x y', secure: true, httpOnly: true },
      'a=1; Domain=a.test; Path=/x y; Secure; HttpOnly',
    ],
    [{ name: 'a', value: '1', sameSite: 'strict' }, 'a=1; SameSite=Strict'],
    [{ name: 'a', value: '1', sameSite: 'lax' }, 'a=1; SameSite=Lax'],
    [{ name: 'a', value: '1', sameSite: 'none', secure: true }, 'a=1; Secure; SameSite=None'],
    [{ name: '__Host-a', value: '1', secure: true, path: '/' }, '__Host-a=1; Path=/; Secure'],
  ] satisfies [BakeCookieConfig, string][])('%j', (config, text) => {
    expect(bakeCookie(config)).toBe(text);
  });

  it.each([
    { name: '', value: '' },
    { name: 'a b', value: '' },
    { name: 'a=b', value: '' },
    { name: 'a', value: 'x;y' },
    { name: 'a', value: 'x y' },
    { name: 'a', value: 'é' },
    { name: 'a', value: '"' },
    { name: 'a', value: 'x\r\nset-cookie: b=1' },
    { name: 'a', value: '', path: '/; Secure' },
    { name: 'a', value: '', path: 'x' },
    { name: 'a', value: '', domain: 'a.test; x' },
    { name: 'a', value: '', domain: 'a\0' },
    { name: 'a', value: '', maxAge: 1.5 },
    { name: 'a', value: '', expires: NaN },
    { name: 'a', value: '', sameSite: 'Lax' as 'lax' },
    { name: '__Secure-a', value: '' },
    { name: '__hOsT-a', value: '', secure: true },
    { name: '__Host-a', value: '', secure: true, path: '/', domain: 'a.test' },
  ])('refuses %j', (config) => {
    expect(() => bakeCookie(config)).toThrow(expect.objectContaining({ code: 'INVALID_COOKIE' }));
  });
});

describe('parseCookies', () => {
  it.each([
    [['a=1; b=2'], { a: '1', b: '2' }],
    [['a=1;b=2;', ' ;; ', 'c=3'], { a: '1', b: '2', c: '3' }],
    [['a=1; a=2', 'a=3'], { a: '3' }],
    [['a="x y"; b = c = d '], { a: '"x y"', b: 'c = d' }],
    [['nothing; =x; a='], { a: '' }],
    [[], {}],
  ])('%j', (cookie, all) => {
    expect(Object.fromEntries(parseCookies(new Fields({ cookie })))).toEqual(all);
  });
});
