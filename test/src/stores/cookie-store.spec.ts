import { describe, expect, it } from 'vitest';
import { Fields } from '../../../operators/http/fields.js';
import { CookieStore, type CookieStoreConfig } from '../../../src/stores/cookie-store.js';
import type { CookieContext, StoredCookie } from '../../../src/stores/stored-cookie.js';
import { Clock } from './clock.js';

const START = Date.UTC(2026, 0, 1);
const A = 'https://www.a.test/x/y?q=/z';

function jar(config: CookieStoreConfig = {}) {
  const clock = new Clock(START);
  return { clock, cookies: new CookieStore({ scheduler: clock, ...config }) };
}

/** What a request to `to` is sent after a response from `from` set these. */
function roundTrip(set: string | string[], from: string, to: string, context: Partial<CookieContext> = {}): string {
  const { cookies } = jar();
  for (const one of typeof set === 'string' ? [set] : set) cookies.store(one, { url: from, ...context });
  return cookies.lookup({ url: to, ...context });
}

describe('where a cookie goes', () => {
  it.each([
    ['a=1', 'https://a.test/', 'https://a.test/', 'a=1'],
    ['a=1', 'https://a.test/', 'https://www.a.test/', ''],
    ['a=1; Domain=a.test', 'https://www.a.test/', 'https://a.test/', 'a=1'],
    ['a=1; Domain=.A.Test', 'https://www.a.test/', 'https://b.www.a.test/', 'a=1'],
    ['a=1; Domain=b.test', 'https://a.test/', 'https://b.test/', ''],
    ['a=1; Domain=www.a.test', 'https://a.test/', 'https://www.a.test/', ''],
    ['a=1; Domain=a.test.', 'https://a.test/', 'https://a.test/', ''],
    ['a=1; Domain=', 'https://a.test/', 'https://www.a.test/', ''],
    ['a=1', 'https://a.test./', 'https://A.test/', 'a=1'],
    ['a=1; Domain=127.0.0.1', 'https://127.0.0.1/', 'https://127.0.0.1/', 'a=1'],
    ['a=1; Domain=0.0.1', 'https://127.0.0.1/', 'https://127.0.0.1/', ''],
    ['a=1', 'https://[::1]/', 'https://[::1]:8080/', 'a=1'],
    ['a=1; Domain=bücher.test', 'https://www.xn--bcher-kva.test/', 'https://bücher.test/', 'a=1'],
    ['a=1; Domain=\xe9[', 'https://a.test/', 'https://a.test/', ''],
    ['a=1; Domain=\xe9%', 'https://a.test/', 'https://a.test/', ''],
    ['a=1; Domain=com', 'https://a.com/', 'https://a.com/', ''],
    ['a=1; Domain=github.io', 'https://me.github.io/', 'https://you.github.io/', ''],
    ['a=1; Domain=github.io', 'https://github.io/', 'https://github.io/', 'a=1'],
    ['a=1; Domain=github.io', 'https://github.io/', 'https://me.github.io/', ''],
    ['a=1; Domain=localhost', 'https://localhost/', 'https://localhost/', 'a=1'],
  ])('%s from %s to %s: %j', (set, from, to, sent) => {
    expect(roundTrip(set, from, to)).toBe(sent);
  });

  it.each([
    ['a=1', 'https://a.test/x/y?q=/z', 'https://a.test/x/other', 'a=1'],
    ['a=1', 'https://a.test/x/y', 'https://a.test/x', 'a=1'],
    ['a=1', 'https://a.test/x/y', 'https://a.test/xy', ''],
    ['a=1', 'https://a.test/x', 'https://a.test/?/x', 'a=1'],
    ['a=1; Path=/foo', 'https://a.test/', 'https://a.test/foo?x=1', 'a=1'],
    ['a=1; Path=/foo', 'https://a.test/', 'https://a.test/foo/bar', 'a=1'],
    ['a=1; Path=/foo', 'https://a.test/', 'https://a.test/foobar', ''],
    ['a=1; Path=/foo/', 'https://a.test/', 'https://a.test/foo', ''],
    ['a=1; Path=foo', 'https://a.test/x/y', 'https://a.test/x', 'a=1'],
    ['a=1; Path=', 'https://a.test/x/y', 'https://a.test/', ''],
  ])('path: %s from %s to %s: %j', (set, from, to, sent) => {
    expect(roundTrip(set, from, to)).toBe(sent);
  });

  it('Secure: only from https, only to https and wss', () => {
    expect(roundTrip('a=1; Secure', 'https://a.test/', 'https://a.test/')).toBe('a=1');
    expect(roundTrip('a=1; Secure', 'https://a.test/', 'wss://a.test/')).toBe('a=1');
    expect(roundTrip('a=1; Secure', 'https://a.test/', 'http://a.test/')).toBe('');
    expect(roundTrip('a=1; Secure', 'http://a.test/', 'https://a.test/')).toBe('');
  });

  it('HttpOnly: not for callers other than HTTP', () => {
    const { cookies } = jar();
    expect(cookies.store('a=1; HttpOnly', { url: A, http: false })).toBeUndefined();
    cookies.store('a=1; HttpOnly', { url: A });
    expect(cookies.store('a=2', { url: A, http: false })).toBeUndefined();
    cookies.store('b=1', { url: A, http: false });
    expect(cookies.lookup({ url: A, http: false })).toBe('b=1');
    expect(cookies.lookup({ url: A })).toBe('a=1; b=1');
  });

  it('SameSite: by registrable domain; without a site everything is of the same one', () => {
    const set = ['s=1; SameSite=Strict', 'l=1; SameSite=lax', 'n=1; SameSite=NONE', 'd=1'];
    const to = (context: Partial<CookieContext>): string => {
      const { cookies } = jar();
      for (const one of set) cookies.store(one, { url: A });
      return cookies.lookup({ url: A, ...context });
    };
    expect(to({})).toBe('s=1; l=1; n=1; d=1');
    for (const site of ['a.test', 'https://b.a.test/', 'A.TEST']) {
      expect(to({ siteForCookies: site })).toBe('s=1; l=1; n=1; d=1');
    }
    for (const site of ['b.test', 'test', '127.0.0.1', '::1', 'not a site'])
      expect(to({ siteForCookies: site })).toBe('n=1');
    expect(to({ siteForCookies: 'b.test', topLevel: true })).toBe('l=1; n=1; d=1');
    expect(to({ siteForCookies: 'b.test', topLevel: true, method: 'POST' })).toBe('n=1');
    expect(roundTrip(set, A, A, { siteForCookies: 'b.test' })).toBe('n=1');
    const { cookies } = jar();
    for (const one of set) cookies.store(one, { url: A, siteForCookies: 'b.test', topLevel: true });
    expect(cookies.size).toBe(4);
  });

  it('CONNECT has nothing to do with cookies', () => {
    const { cookies } = jar();
    expect(cookies.storeAll(new Fields({ 'set-cookie': 'a=1' }), { url: A, method: 'CONNECT' })).toBe(0);
    cookies.store('a=1', { url: A });
    expect(cookies.lookup({ url: A, method: 'CONNECT' })).toBe('');
  });

  it('order: longer paths first, then older ones, a replaced one keeps its place', () => {
    const { cookies, clock } = jar();
    for (const one of ['a=1; Path=/', 'b=1; Path=/x', 'c=1; Path=/', 'd=1; Path=/x/y']) {
      cookies.store(one, { url: A });
      clock.time++;
    }
    cookies.store('a=2; Path=/', { url: A });
    expect(cookies.lookup({ url: A })).toBe('d=1; b=1; a=2; c=1');
  });
});

describe('how long', () => {
  it.each([
    ['Max-Age=10', 10_000],
    ['Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 10_000],
    ['Expires=Thu, 01 Jan 2026 00:00:05 GMT', 5000],
    ['Expires=Thursday, 01-Jan-26 00:00:05 GMT', 5000],
    ['Expires=Thu Jan  1 00:00:05 2026', 5000],
    ['Expires=Thu, 01-Jan-2026 00:00:05 GMT', 5000],
    ['Max-Age=99999999999', 400 * 86_400_000],
    ['Expires=Fri, 31 Dec 9999 23:59:59 GMT', 400 * 86_400_000],
    ['Max-Age=x; Expires=Thu, 01 Jan 2026 00:00:05 GMT', 5000],
  ])('%s: %i ms, whatever the time zone', (attributes, lasts) => {
    const { cookies, clock } = jar();
    expect(cookies.store(`a=1; ${attributes}`, { url: A })?.expires).toBe(START + lasts);
    expect(cookies.cleanDue).toBe(START + lasts);
    clock.time += lasts - 1;
    expect(cookies.lookup({ url: A })).toBe('a=1');
    clock.time++;
    expect([...cookies]).toEqual([]);
    expect(cookies.size).toBe(1);
    expect(cookies.lookup({ url: A })).toBe('');
    expect(cookies.size).toBe(0);
  });

  it.each(['Max-Age=0', 'Max-Age=-1', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT'])('%s deletes', (attributes) => {
    const { cookies } = jar();
    cookies.store('a=1', { url: A });
    expect(cookies.store(`a=2; ${attributes}`, { url: A })).toBeUndefined();
    expect(cookies.size).toBe(0);
  });

  it('a session cookie has no end', () => {
    const { cookies, clock } = jar();
    expect(cookies.store('a=1; Expires=tomorrow', { url: A })?.expires).toBeUndefined();
    clock.time = 8e15;
    expect(cookies.lookup({ url: A })).toBe('a=1');
    expect(cookies.cleanDue).toBe(Infinity);
  });
});

describe('limits', () => {
  const pairs = (count: number, attributes = ''): string[] =>
    Array.from({ length: count }, (_, i) => `c${i}=1${attributes}`);

  it('maxCookieLength: met exactly, and passed by one', () => {
    const { cookies } = jar({ limits: { maxCookieLength: 5 } });
    expect(cookies.store('ab=123', { url: A })).toBeDefined();
    expect(cookies.store('ab=1234', { url: A })).toBeUndefined();
  });

  it('maxAttributeLength: a longer one is not there', () => {
    const { cookies } = jar({ limits: { maxAttributeLength: 6 } });
    expect(cookies.store('a=1; Path=/12345; Domain=a.test', { url: A })).toMatchObject({
      path: '/12345',
      hostOnly: false,
    });
    expect(cookies.store('a=1; Path=/123456; Domain=www.a.test', { url: A })).toMatchObject({
      path: '/x',
      hostOnly: true,
    });
  });

  it('maxCookiesPerDomain: what is not secure goes first, then what was used longest ago', () => {
    const { cookies, clock } = jar({ limits: { maxCookiesPerDomain: 2 } });
    const gone: string[] = [];
    cookies.changes$.subscribe(({ type, cookie }) => type === 'evicted' && gone.push(cookie.name));
    for (const one of ['s=1; Secure', 'a=1', 'b=1', 't=1; Secure', 'u=1; Secure']) {
      cookies.store(one, { url: A });
      clock.time++;
    }
    expect(gone).toEqual(['a', 'b', 's']);
    cookies.store('x=1', { url: 'https://other.test/' });
    expect(cookies.size).toBe(3);
  });

  it('maxCookies: what was sent longest ago goes, over all domains', () => {
    const { cookies, clock } = jar({ limits: { maxCookies: 2 } });
    for (const host of ['a', 'b']) {
      cookies.store('x=1', { url: `https://${host}.test/` });
      clock.time++;
    }
    cookies.lookup({ url: 'https://a.test/' });
    clock.time++;
    cookies.store('x=1', { url: 'https://c.test/' });
    expect([...cookies].map(({ domain }) => domain)).toEqual(['a.test', 'c.test']);
  });

  it('expired ones go before others', () => {
    const { cookies, clock } = jar({ limits: { maxCookies: 2 } });
    cookies.store('a=1', { url: A });
    cookies.store('b=1; Max-Age=1', { url: A });
    clock.time += 1000;
    cookies.store('c=1', { url: A });
    expect([...cookies].map(({ name }) => name)).toEqual(['a', 'c']);
  });

  it('maxCookiesPerResponse and maxFieldLength', () => {
    const { cookies } = jar({ limits: { maxCookiesPerResponse: 3, maxFieldLength: 11 } });
    expect(cookies.storeAll(new Fields({ 'set-cookie': pairs(5) }), { url: A })).toBe(3);
    expect(cookies.lookup({ url: A })).toBe('c0=1; c1=1');
  });

  it('that do not exist, or are no numbers, are refused', () => {
    for (const limits of [{ maxCookies: -1 }, { maxCookies: NaN }, { nope: 1 }]) {
      expect(() => new CookieStore({ limits })).toThrow(expect.objectContaining({ code: 'INVALID_LIMIT' }));
    }
  });
});

describe('state', () => {
  it('every change is told', () => {
    const { cookies, clock } = jar();
    const log: string[] = [];
    cookies.changes$.subscribe(({ type, cookie }) => log.push(`${type} ${cookie.name}${cookie.value}`));
    cookies.store('a=1', { url: A });
    cookies.store('a=2', { url: A });
    cookies.store('a=; Max-Age=0', { url: A });
    cookies.store('b=1; Max-Age=1', { url: A });
    clock.time += 1000;
    expect(cookies.clean()).toBe(1);
    cookies.store('c=1', { url: A });
    cookies.clear();
    expect(log).toEqual(['added a1', 'replaced a2', 'removed a2', 'added b1', 'expired b1', 'added c1', 'removed c1']);
  });

  it('get and remove', () => {
    const { cookies, clock } = jar();
    for (const one of ['a=1; Path=/', 'b=1; Path=/', 'a=1; Path=/x', 'd=1; Path=/; Max-Age=1'])
      cookies.store(one, { url: A });
    expect(cookies.get('WWW.a.test', '/', 'a')).toMatchObject({ value: '1', created: START });
    expect(cookies.get('a.test', '/', 'a')).toBeUndefined();
    clock.time += 1000;
    expect(cookies.get('www.a.test', '/', 'd')).toBeUndefined();
    expect(cookies.remove('www.a.test', '/', 'a')).toBe(1);
    expect(cookies.remove('www.a.test', '/x')).toBe(1);
    expect(cookies.remove('www.a.test')).toBe(2);
    expect(cookies.remove('www.a.test')).toBe(0);
  });

  it('what is wider than a byte is sent as UTF-8, what no field can carry is not kept', () => {
    const { cookies } = jar();
    cookies.store('a=\u2603', { url: A });
    cookies.store('b=\xc3\xa9', { url: A });
    const [some] = [...cookies];
    cookies.restore([{ ...some!, name: 'c', value: 'x\r\ny: z' }]);
    cookies.restore([{ ...some!, name: 'd', value: '1; admin=1' }, { ...some!, name: 'e; admin', value: '1' }]); // prettier-ignore
    expect(cookies.lookup({ url: A })).toBe('a=\xe2\x98\x83; b=\xc3\xa9');
  });

  it('restore keeps what has not expired', () => {
    const { cookies, clock } = jar();
    for (const one of ['a=1', 'b=1; Max-Age=1']) cookies.store(one, { url: A });
    const saved = [...cookies];
    clock.time += 1000;
    const other = new CookieStore({ scheduler: clock });
    other.restore(saved);
    expect([...other]).toEqual([saved[0]]);
  });

  it('what never ends is saved as JSON, and restored', () => {
    const { cookies, clock } = jar({ limits: { maxAge: Infinity } });
    cookies.store(`a=1; Max-Age=${'9'.repeat(400)}`, { url: A });
    const other = new CookieStore({ scheduler: clock });
    other.restore(JSON.parse(JSON.stringify([...cookies])) as StoredCookie[]);
    expect(other.lookup({ url: A })).toBe('a=1');
  });
});
