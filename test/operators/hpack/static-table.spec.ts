import { expect, it } from 'vitest';
import {
  STATIC_LENGTH,
  STATIC_NAMES,
  STATIC_VALUES,
  staticName,
  staticPair,
} from '../../../operators/hpack/static-table.js';

it('has the 61 entries of RFC 7541 Appendix A', () => {
  expect(STATIC_NAMES).toHaveLength(STATIC_LENGTH + 1);
  expect(STATIC_VALUES).toHaveLength(STATIC_LENGTH + 1);
  const entries = new Map([
    [1, ':authority: '],
    [2, ':method: GET'],
    [5, ':path: /index.html'],
    [7, ':scheme: https'],
    [14, ':status: 500'],
    [15, 'accept-charset: '],
    [16, 'accept-encoding: gzip, deflate'],
    [28, 'content-length: '],
    [32, 'cookie: '],
    [40, 'if-modified-since: '],
    [50, 'range: '],
    [55, 'set-cookie: '],
    [61, 'www-authenticate: '],
  ]);
  for (const [index, entry] of entries) expect(`${STATIC_NAMES[index]}: ${STATIC_VALUES[index]}`).toBe(entry);
});

it('finds each pair, and the lowest index of each name', () => {
  for (let index = 1; index <= STATIC_LENGTH; index++) {
    const name = STATIC_NAMES[index] as string;
    const known = staticName(name);
    expect(known?.index).toBe(STATIC_NAMES.indexOf(name));
    expect(known && staticPair(known, STATIC_VALUES[index] as string)).toBe(index);
    expect(known && staticPair(known, 'something else')).toBe(0);
  }
  expect(staticName('x-unknown')).toBeUndefined();
  expect(staticName('__proto__')).toBeUndefined();
});
