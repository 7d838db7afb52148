/** Ways around HSTS, by row of the attack catalogue (H9, H10). */
import { describe, expect, it } from 'vitest';
import { Fields } from '../../operators/http/fields.js';
import { HstsStore } from '../../src/stores/hsts-store.js';
import { Clock } from '../src/stores/clock.js';

const field = (value: string): Fields => new Fields({ 'strict-transport-security': value });
const knowing = (host: string, value = 'max-age=1; includeSubDomains'): HstsStore => {
  const hsts = new HstsStore({ scheduler: new Clock(0) });
  hsts.store(field(value), `https://${host}/`);
  return hsts;
};

describe('H: HSTS', () => {
  it.each([
    ['a trailing dot', 'a.test.'],
    ['case', 'A.TesT'],
    ['a port', 'a.test:80'],
    ['another dot that is one', 'a\u3002test'],
    ['full-width letters', '\uff41.test'],
    ['userinfo', 'x@a.test'],
  ])('H9 %s does not get around it', (_, host) => {
    expect(knowing('a.test').upgrade(`http://${host}/`).startsWith('https://')).toBe(true);
    expect(knowing('a.test.').upgrade(`http://${host}/`).startsWith('https://')).toBe(true);
  });

  it('H9 an internationalised name is one however it is written', () => {
    expect(knowing('bücher.test').upgrade('http://xn--bcher-kva.test/')).toBe('https://xn--bcher-kva.test/');
    expect(knowing('xn--bcher-kva.test').check('BÜCHER.test')).toBe(true);
  });

  it('H9 a host below never changes what is known of the one above', () => {
    const hsts = knowing('a.test');
    hsts.store(field('max-age=0'), 'https://www.a.test/');
    hsts.store(field('max-age=1'), 'https://www.a.test/');
    expect([hsts.check('a.test'), hsts.check('www.a.test'), hsts.check('b.a.test')]).toEqual([true, true, true]);
  });

  it('H9 a host of its own without those below does not take the word of the one above away', () => {
    const hsts = knowing('a.test');
    hsts.store(field('max-age=1'), 'https://www.a.test/');
    expect(hsts.check('x.www.a.test')).toBe(true);
  });

  it('H9 the second request is upgraded like the first', () => {
    const hsts = knowing('a.test');
    for (let i = 0; i < 3; i++) expect(hsts.upgrade('http://a.test/')).toBe('https://a.test/');
  });

  it('H10 nothing is learned over http, from an unverified certificate, or of an address', () => {
    const hsts = new HstsStore({ scheduler: new Clock(0) });
    expect(hsts.store(field('max-age=1'), 'http://a.test/')).toBe(false);
    expect(hsts.store(field('max-age=1'), 'https://a.test/', false)).toBe(false);
    expect(hsts.store(field('max-age=1'), 'https://127.0.0.1/')).toBe(false);
    expect(hsts.store(field('max-age=1'), 'https://0x7f.1/')).toBe(false);
    expect(hsts.size).toBe(0);
    const known = knowing('a.test');
    known.store(field('max-age=0'), 'http://a.test/');
    expect(known.check('a.test')).toBe(true);
  });

  it('H10 the number of hosts is bounded', () => {
    const hsts = new HstsStore({ scheduler: new Clock(0) });
    for (let i = 0; i < 10_010; i++) hsts.store(field('max-age=1'), `https://h${i}.test/`);
    expect(hsts.size).toBe(10_000);
    expect([hsts.check('h9.test'), hsts.check('h10.test')]).toEqual([false, true]);
  });
});
