import { isUtf8 } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { Utf8Validator } from '../../../operators/websocket/utf8-validator.js';
import { mulberry32, randomCuts, splits } from '../../support/every-split.js';
import { hex, joined, utf8 } from './frames.js';

const VALID = [
  '',
  'a',
  'é',
  '中',
  '😀',
  'aé中😀z',
  '\u0000',
  '\ufeffx',
  '\ud7ff\ue000',
  '\u{10ffff}',
  'ascii '.repeat(20),
];
const INVALID = [
  '80', 'bf', 'c0', 'c080', 'c1bf', 'c2', 'c241', 'e0', 'e080', 'e09f80', 'e28241', 'eda080', 'edbfbf', 'eda0',
  'f08080', 'f0808080', 'f08f8080', 'f4908080', 'f490', 'f5', 'f8', 'fe', 'ff', 'cebae1bdb9cf83cebcceb5eda080656469746564',
]; // prettier-ignore

function check(pieces: readonly Uint8Array[]): boolean {
  const validator = new Utf8Validator();
  return pieces.every((piece) => validator.push(piece)) && validator.complete;
}

describe('Utf8Validator', () => {
  it.each(VALID)('takes %j, however it is cut, also inside long text', (value) => {
    for (const around of ['', 'x'.repeat(30)]) {
      for (const pieces of splits(utf8(around + value + around))) expect(check(pieces)).toBe(true);
    }
  });

  it.each(INVALID)('refuses %s, however it is cut, also inside long text', (value) => {
    for (const around of ['', 'x'.repeat(30), '中'.repeat(10)]) {
      const bytes = joined([utf8(around), hex(value), utf8(around)]);
      for (const pieces of splits(bytes)) expect(check(pieces)).toBe(false);
    }
  });

  it('says so at the first byte that cannot be', () => {
    for (const [bytes, bad] of [
      ['41c0', 1],
      ['e2e2', 1],
      ['eda0', 1],
      ['f490', 1],
      ['f0808080', 1],
      ['cebaff', 2],
    ] as const) {
      const validator = new Utf8Validator();
      hex(bytes).forEach((byte, at) => {
        if (at <= bad) expect(validator.push(Uint8Array.of(byte))).toBe(at < bad);
      });
      expect(validator.push(utf8('x'))).toBe(false);
      expect(validator.complete).toBe(false);
      validator.reset();
      expect(validator.push(utf8('x')) && validator.complete).toBe(true);
    }
  });

  it('knows that a character is missing its end', () => {
    for (const cut of ['c3', 'e4b8', 'f09f98']) {
      const validator = new Utf8Validator();
      expect(validator.push(joined([utf8('y'.repeat(40)), hex(cut)]))).toBe(true);
      expect(validator.complete).toBe(false);
    }
  });

  it('agrees with Node on random bytes, cut at random', () => {
    const random = mulberry32(7);
    const pool = [0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5];
    for (let round = 0; round < 4000; round++) {
      const bytes = Uint8Array.from(
        { length: 1 + (round % 50) },
        () => pool[Math.floor(random() ** 3 * pool.length)] as number,
      );
      expect(check([bytes])).toBe(isUtf8(bytes));
      expect(check(randomCuts(bytes, round, 30))).toBe(isUtf8(bytes));
    }
  });

  it('reads a part of an array', () => {
    const validator = new Utf8Validator();
    expect(validator.push(hex('ff41ff'), 1, 2)).toBe(true);
    expect(validator.complete).toBe(true);
  });
});
