import { describe, expect, it } from 'vitest';
import { Fields } from '../../../operators/http/fields.js';
import { type HstsHost, HstsStore } from '../../../src/stores/hsts-store.js';
import { Clock } from './clock.js';

const field = (value: string): Fields => new Fields({ 'strict-transport-security': value });

function store(maxItems?: number) {
  const clock = new Clock(1_000_000);
  const hsts = new HstsStore({ scheduler: clock, maxItems });
  const learn = (host: string, value = 'max-age=10'): boolean => hsts.store(field(value), `https://${host}/`);
  return { clock, hsts, learn };
}

describe('HstsStore', () => {
  it('knows a host until its time is over', () => {
    const { clock, hsts, learn } = store();
    expect(learn('a.test')).toBe(true);
    expect(hsts.check('a.test')).toBe(true);
    expect(hsts.cleanDue).toBe(1_010_000);
    clock.time += 9999;
    expect(hsts.check('a.test')).toBe(true);
    clock.time++;
    expect(hsts.check('a.test')).toBe(false);
    expect([...hsts]).toEqual([]);
    expect(hsts.clean()).toBe(1);
    expect([hsts.size, hsts.cleanDue]).toEqual([0, Infinity]);
  });

  it.each([
    ['http://a.test/', 'https://a.test/'],
    ['http://a.test:80/x?y#z', 'https://a.test/x?y#z'],
    ['http://a.test:8080/', 'https://a.test:8080/'],
    ['ws://a.test/s', 'wss://a.test/s'],
    ['http://u:p@A.TEST./', 'https://u:p@a.test./'],
    ['https://a.test/', 'https://a.test/'],
    ['http://b.test/', 'http://b.test/'],
    ['http://127.0.0.1/', 'http://127.0.0.1/'],
  ])('upgrade %s to %s', (url, upgraded) => {
    const { hsts, learn } = store();
    learn('a.test');
    expect(hsts.upgrade(url)).toBe(upgraded);
  });

  it('maxItems: the host not asked for the longest time goes, expired ones before', () => {
    const { clock, hsts, learn } = store(2);
    const log: string[] = [];
    hsts.changes$.subscribe(({ type, host: { host } }) => log.push(`${type} ${host}`));
    learn('a.test');
    learn('b.test', 'max-age=1');
    hsts.check('a.test');
    learn('c.test');
    expect([...hsts].map(({ host }) => host)).toEqual(['a.test', 'c.test']);
    learn('a.test', 'max-age=1');
    clock.time += 1000;
    learn('d.test');
    hsts.remove('c.test');
    learn('d.test', 'max-age=0');
    expect(log).toEqual([
      'added a.test',
      'added b.test',
      'added c.test',
      'evicted b.test',
      'replaced a.test',
      'added d.test',
      'expired a.test',
      'removed c.test',
      'removed d.test',
    ]);
    expect(() => new HstsStore({ maxItems: NaN })).toThrow(expect.objectContaining({ code: 'INVALID_LIMIT' }));
  });

  it('is saved as JSON and restored, also where it never ends', () => {
    const { clock, hsts, learn } = store();
    learn('a.test', `max-age=${'9'.repeat(400)}`);
    const other = new HstsStore({ scheduler: clock });
    other.restore(JSON.parse(JSON.stringify([...hsts])) as HstsHost[]);
    expect(other.check('a.test')).toBe(true);
  });

  it('is saved and restored', () => {
    const { clock, hsts, learn } = store();
    learn('a.test', 'max-age=10; includeSubDomains');
    learn('b.test', 'max-age=1');
    const saved = JSON.parse(JSON.stringify([...hsts])) as {
      host: string;
      includeSubDomains: boolean;
      expires: number;
    }[];
    clock.time += 1000;
    const other = new HstsStore({ scheduler: clock });
    other.restore([...saved, { host: '127.0.0.1', includeSubDomains: false, expires: Infinity }]);
    expect([...other]).toEqual([saved[0]]);
    expect(other.check('www.a.test')).toBe(true);
  });
});
