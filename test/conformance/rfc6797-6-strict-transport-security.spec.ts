/** RFC 6797 §6.1: the field; §8: what a user agent does with it. */
import { describe, expect, it } from 'vitest';
import { Fields } from '../../operators/http/fields.js';
import { HstsStore } from '../../src/stores/hsts-store.js';
import { parseStrictTransportSecurity } from '../../src/stores/strict-transport-security.js';
import { Clock } from '../src/stores/clock.js';

describe('RFC 6797 §6.1', () => {
  it.each([
    ['max-age=31536000', 31_536_000, false],
    ['max-age=0', 0, false],
    ['max-age="31536000"', 31_536_000, false],
    ['MAX-AGE = 1 ; INCLUDESUBDOMAINS', 1, true],
    ['includeSubDomains; max-age=1', 1, true],
    ['max-age=1; includeSubDomains; preload', 1, true],
    ['max-age=1; unknown; another="a;b"; third=x', 1, false],
    [';; max-age=1 ;;', 1, false],
  ])('%j', (value, maxAge, includeSubDomains) => {
    expect(parseStrictTransportSecurity(value)).toEqual({ maxAge, includeSubDomains });
  });

  it.each([
    '',
    'includeSubDomains',
    'max-age',
    'max-age=',
    'max-age=x',
    'max-age=-1',
    'max-age=1.5',
    'max-age="1',
    'max-age=1; max-age=1',
    'max-age=1; includeSubDomains; includesubdomains',
    'max-age=1; preload; preload',
    'max-age=1, max-age=2',
    'max-age=1; includeSubDomains=1',
    'max-age=1; a b',
  ])('%j is ignored', (value) => {
    expect(parseStrictTransportSecurity(value)).toBeUndefined();
  });
});

describe('RFC 6797 §8', () => {
  const learned = (value: string | string[], url = 'https://www.a.test/', verified?: boolean): HstsStore => {
    const hsts = new HstsStore({ scheduler: new Clock(0) });
    hsts.store(new Fields({ 'strict-transport-security': value }), url, verified);
    return hsts;
  };

  it('8.1 only the first field counts', () => {
    expect(learned(['max-age=1', 'max-age=0']).check('www.a.test')).toBe(true);
    expect(learned(['junk', 'max-age=1']).check('www.a.test')).toBe(false);
  });

  it('8.1 not from http, not without a verified certificate, not for an address', () => {
    expect(learned('max-age=1', 'http://www.a.test/').size).toBe(0);
    expect(learned('max-age=1', 'https://www.a.test/', false).size).toBe(0);
    expect(learned('max-age=1', 'https://127.0.0.1/').size).toBe(0);
    expect(learned('max-age=1', 'https://[::1]/').size).toBe(0);
  });

  it('8.2 hosts below are meant where it says so, hosts above never; by labels, not by letters', () => {
    const all = learned('max-age=1; includeSubDomains');
    expect(['www.a.test', 'x.www.a.test', 'x.y.www.a.test'].map((host) => all.check(host))).toEqual([true, true, true]);
    expect(['a.test', 'test', 'xwww.a.test', 'b.test'].map((host) => all.check(host))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    const one = learned('max-age=1');
    expect(['www.a.test', 'x.www.a.test'].map((host) => one.check(host))).toEqual([true, false]);
  });

  const field = (value: string): Fields => new Fields({ 'strict-transport-security': value });

  it('8.1 a known host is noted anew, with its new time and its new scope', () => {
    const clock = new Clock(0);
    const hsts = new HstsStore({ scheduler: clock });
    hsts.store(field('max-age=10; includeSubDomains'), 'https://a.test/');
    clock.time = 5000;
    hsts.store(field('max-age=10'), 'https://a.test/');
    expect([...hsts]).toEqual([{ host: 'a.test', includeSubDomains: false, expires: 15_000 }]);
    expect(hsts.check('www.a.test')).toBe(false);
    hsts.store(field('max-age=1'), 'https://a.test/');
    expect(hsts.cleanDue).toBe(6000);
  });

  it('8.1 max-age=0 forgets that host alone', () => {
    const hsts = learned('max-age=9; includeSubDomains');
    hsts.store(field('max-age=9'), 'https://x.www.a.test/');
    hsts.store(field('max-age=0; includeSubDomains'), 'https://www.a.test/');
    expect([...hsts].map(({ host }) => host)).toEqual(['x.www.a.test']);
  });

  it('8.6 a response without the field changes nothing, nor does one that is void', () => {
    const hsts = learned('max-age=9');
    for (const fields of [new Fields(), field(''), field('max-age=x'), field('max-age=0; max-age=0')]) {
      expect(hsts.store(fields, 'https://www.a.test/')).toBe(false);
    }
    expect(hsts.check('www.a.test')).toBe(true);
  });
});
