/** Attacks through cookies, by row of the attack catalogue (H1 to H8). */
import { describe, expect, it } from 'vitest';
import { Fields } from '../../operators/http/fields.js';
import { bakeCookie } from '../../src/stores/bake-cookie.js';
import { CookieStore } from '../../src/stores/cookie-store.js';
import { Clock } from '../src/stores/clock.js';

const jar = (): CookieStore => new CookieStore({ scheduler: new Clock(Date.UTC(2026, 0, 1)) });
const A = 'https://www.a.test/';

describe('H: cookies', () => {
  it.each([
    ['https://www.evil.co.uk/', 'co.uk'],
    ['https://www.evil.co.uk/', 'co.UK'],
    ['https://www.evil.co.uk/', 'co.uk.'],
    ['https://www.evil.co.uk/', '.CO.uk'],
    ['https://www.evil.co.uk./', 'co.uk.'],
    ['https://www.evil.com/', 'com'],
    ['https://www.evil.xn--p1ai/', 'xn--p1ai'],
    ['https://www.evil.xn--p1ai/', 'рф'],
    ['https://evil.github.io/', 'github.io'],
    ['https://127.0.0.1/', '0.0.1'],
    ['https://127.0.0.1/', '1'],
    ['https://[::1]/', ':1'],
  ])('H1 %s cannot set for %s', (url, domain) => {
    const cookies = jar();
    expect(cookies.store(`a=1; Domain=${domain}`, { url })).toBeUndefined();
    expect(cookies.size).toBe(0);
  });

  it('H1 an address is only itself', () => {
    const cookies = jar();
    cookies.store('a=1; Domain=127.0.0.1', { url: 'https://127.0.0.1/' });
    expect(cookies.lookup({ url: 'https://127.0.0.1/' })).toBe('a=1');
    expect(cookies.lookup({ url: 'https://x.127.0.0.1.test/' })).toBe('');
    expect(cookies.lookup({ url: 'https://2130706433/' })).toBe('a=1'); // the same address, spelt otherwise
  });

  it.each([
    ['a=2', 'http://www.a.test/'],
    ['a=2; Domain=a.test', 'http://www.a.test/'],
    ['a=2; Domain=a.test; Path=/p/q', 'http://x.a.test/p/q'],
    ['a=2; Path=/p', 'http://www.a.test/p'],
    ['a=; Max-Age=0', 'http://www.a.test/'],
  ])('H2 %s over http does not replace, hide or delete a secure one', (set, url) => {
    const cookies = jar();
    cookies.store('a=1; Secure; Domain=a.test; Path=/', { url: A });
    expect(cookies.store(set, { url })).toBeUndefined();
    expect(cookies.lookup({ url: 'https://www.a.test/p/q' })).toBe('a=1');
  });

  it('H2 another name, another path, or https: all fine', () => {
    const cookies = jar();
    cookies.store('a=1; Secure; Path=/p', { url: A });
    expect(cookies.store('b=1', { url: 'http://www.a.test/p/' })).toBeDefined();
    expect(cookies.store('a=2; Path=/', { url: 'http://www.a.test/' })).toBeDefined();
    expect(cookies.store('a=2; Path=/p', { url: A })).toBeDefined();
  });

  it('H2 host-only stays with its host', () => {
    const cookies = jar();
    cookies.store('a=1', { url: 'https://a.test/' });
    expect(cookies.lookup({ url: A })).toBe('');
  });

  it.each([
    ['__Host-x=1; Secure; Path=/', true],
    ['__hOsT-x=1; Secure; Path=/', true],
    ['__hOsT-x=1; Secure; Path=/; Domain=www.a.test', false],
    ['__Host-x=1; Path=/', false],
    ['__Host-x=1; Secure', false],
    ['__Host-x=1; Secure; Path=/p', false],
    ['__Secure-x=1; Secure; Domain=a.test; Path=/p', true],
    ['__secure-x=1', false],
    ['__SECURE-x=1; HttpOnly', false],
    ['=__Host-x=1; Secure; Path=/', false],
    ['__Secure-x; Secure', false],
    ['=__Secure-x', false],
    ['__Hosts=1', true],
  ])('H3 %j: %s', (set, kept) => {
    expect(jar().store(set, { url: A }) !== undefined).toBe(kept);
  });

  it('H4 ten thousand Set-Cookie fields: 50 are kept, and what is sent stays within 8 KiB', () => {
    const cookies = jar();
    const flood = Array.from({ length: 10_000 }, (_, i) => `c${i}=${'x'.repeat(400)}; Path=/`);
    expect(cookies.storeAll(new Fields({ 'set-cookie': flood }), { url: A })).toBe(50);
    expect(cookies.size).toBe(50);
    const sent = cookies.lookup({ url: A });
    expect(sent.length).toBeLessThanOrEqual(8192);
    expect(sent.length).toBeGreaterThan(7500);
  });

  it('H4 many responses: 100 a domain, 3000 in all', () => {
    const cookies = jar();
    for (let i = 0; i < 150; i++) cookies.store(`c${i}=1`, { url: A });
    expect(cookies.size).toBe(100);
    for (let i = 0; i < 3100; i++) cookies.store('c=1', { url: `https://h${i}.test/` });
    expect(cookies.size).toBe(3000);
  });

  it('H5 every control byte in name, value or attribute', () => {
    for (let byte = 0; byte < 128; byte++) {
      if (byte > 31 && byte < 127) continue;
      const char = String.fromCharCode(byte);
      for (const set of [`a${char}b=1`, `a=1${char}2`]) {
        expect(jar().store(set, { url: A }), `${byte}`).toBeUndefined();
      }
      if (byte !== 9) expect(jar().store(`a=1; Path=/${char}`, { url: A }), `${byte}`).toBeUndefined();
      expect(() => bakeCookie({ name: 'a', value: `1${char}` })).toThrow();
      expect(() => bakeCookie({ name: 'a', value: '1', path: `/${char}` })).toThrow();
    }
  });

  it.each(['NoneOfYourBusiness', 'Non', 'none;', ' Laxative', 'strictly', '"strict"x'])(
    'H6 SameSite=%s is read exactly, not in part',
    (value) => {
      const cookie = jar().store(`a=1; SameSite=${value}`, { url: A });
      expect(cookie?.sameSite).toBe(value === 'none;' ? 'none' : undefined);
    },
  );

  it('H6 attributes cannot be injected when a cookie is written', () => {
    for (const bad of ['/; Domain=evil.test', '/\r\nset-cookie: b=1']) {
      expect(() => bakeCookie({ name: 'a', value: '1', path: bad })).toThrow(
        expect.objectContaining({ code: 'INVALID_COOKIE' }),
      );
    }
  });

  it('H7 the URL alone says which host it is', () => {
    const cookies = jar();
    const request = { url: A, headers: { host: 'other.test' } };
    cookies.store('a=1', request);
    expect(cookies.lookup({ url: A })).toBe('a=1');
    expect(cookies.lookup({ url: 'https://other.test/' })).toBe('');
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('H8 %s is a name like any other', (name) => {
    const cookies = jar();
    expect(cookies.store(`a=1; Domain=${name}`, { url: A })).toBeUndefined();
    cookies.store(`${name}=1; Path=/${name}`, { url: A });
    expect(cookies.lookup({ url: `${A}${name}` })).toBe(`${name}=1`);
    expect(cookies.get('__proto__', '__proto__', '__proto__')).toBeUndefined();
    expect(({} as Record<string, unknown>)['/']).toBeUndefined();
  });
});
