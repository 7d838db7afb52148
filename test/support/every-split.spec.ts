import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { mulberry32, randomCuts, splits } from './every-split.js';

const bytes = Uint8Array.from({ length: 100 }, (_, at) => at);

it('cuts in every way, and loses nothing', () => {
  const all = [...splits(bytes)];
  expect(all.map((chunks) => chunks.length)).toEqual([1, 100, ...Array.from({ length: 99 }, () => 2)]);
  for (const chunks of all) expect(Buffer.concat(chunks)).toEqual(Buffer.from(bytes));
});

it('cuts at random, but the same way for the same seed', () => {
  const lengths = (seed: number): number[] => randomCuts(bytes, seed, 7).map((chunk) => chunk.length);
  expect(lengths(1)).toEqual(lengths(1));
  expect(lengths(1)).not.toEqual(lengths(2));
  expect(Math.min(...lengths(1))).toBeGreaterThan(0);
  expect(Math.max(...lengths(1))).toBeLessThanOrEqual(7);
  expect(Buffer.concat(randomCuts(bytes, 1))).toEqual(Buffer.from(bytes));
});

it('draws numbers in [0, 1) that the seed decides', () => {
  const random = mulberry32(42);
  const drawn = Array.from({ length: 1000 }, random);
  expect(new Set(drawn).size).toBe(1000);
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...drawn)).toBeLessThan(1);
  expect(mulberry32(42)()).toBe(drawn[0]);
});

test.prop([fc.uint8Array(), fc.integer(), fc.integer({ min: 1, max: 64 })])(
  'random cuts of anything join to the same again',
  (some, seed, most) => {
    const chunks = randomCuts(some, seed, most);
    expect(Buffer.concat(chunks)).toEqual(Buffer.from(some));
    expect(chunks.every((chunk) => chunk.length > 0 && chunk.length <= most)).toBe(true);
  },
);
