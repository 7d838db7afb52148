import { describe, expect, it } from 'vitest';
import { maskInPlace, maskInto, maskWords, rotateMask, unmaskAscii } from '../../../operators/websocket/mask.js';
import { hasSimdMask, simdMask } from '../../../operators/websocket/simd-mask.js';
import { mulberry32 } from '../../support/every-split.js';
import { MASK } from './frames.js';

const random = mulberry32(1);
const bytesOf = (length: number): Uint8Array => Uint8Array.from({ length }, () => Math.floor(random() * 256));
/** The definition, RFC 6455 §5.3. */
function naive(bytes: Uint8Array, mask: number, phase = 0): Uint8Array {
  const key = [mask & 0xff, (mask >>> 8) & 0xff, (mask >>> 16) & 0xff, mask >>> 24];
  return bytes.map((byte, i) => byte ^ (key[(i + phase) % 4] as number));
}
const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 47, 48, 49, 63, 64, 65, 127, 500, 2047, 2048, 2049, 2113, 65_535];
const LARGE = [65_536, 65_537, 131_072 + 13];

describe('masking', () => {
  it.each([...SIZES, ...LARGE])(
    '%i bytes, where they are and into another place, at every alignment and phase',
    (size) => {
      const steps = size > 3000 ? [0, 3] : [0, 1, 2, 3, 4, 5, 6, 7];
      for (const offset of steps) {
        for (const phase of [0, 1, 2, 3, 7]) {
          const source = bytesOf(size);
          const expected = naive(source, MASK, phase);
          const memory = new Uint8Array(size + 16).fill(0xee);
          const view = memory.subarray(offset);
          view.set(source);
          maskInPlace(view, 0, size, MASK, phase);
          expect(Buffer.compare(view.subarray(0, size), expected)).toBe(0);
          expect(memory.subarray(offset + size).every((byte) => byte === 0xee)).toBe(true);
          const target = new Uint8Array(size + 16).fill(0xee);
          maskInto(source, 0, size, target, offset, MASK, phase);
          expect(Buffer.compare(target.subarray(offset, offset + size), expected)).toBe(0);
          expect(target.subarray(0, offset).every((byte) => byte === 0xee)).toBe(true);
          expect(target.subarray(offset + size).every((byte) => byte === 0xee)).toBe(true);
        }
      }
    },
  );

  it('masks a part of an array only, and leaves the source as it was', () => {
    for (const [start, end] of [
      [3, 9],
      [5, 205],
      [7, 5007],
    ] as const) {
      const source = bytesOf(6000);
      const before = Uint8Array.from(source);
      const target = new Uint8Array(6000);
      maskInto(source, start, end, target, 2, MASK);
      expect(source).toEqual(before);
      expect(target.subarray(2, 2 + end - start)).toEqual(naive(source.subarray(start, end), MASK));
      maskInPlace(source, start, end, MASK);
      expect(source.subarray(0, start)).toEqual(before.subarray(0, start));
      expect(source.subarray(end)).toEqual(before.subarray(end));
      expect(source.subarray(start, end)).toEqual(naive(before.subarray(start, end), MASK));
    }
  });

  it('by words and by sixteen bytes say the same', () => {
    expect(hasSimdMask()).toBe(true);
    for (const size of [1, 3, 4, 63, 64, 65, 1000, 70_000]) {
      const source = bytesOf(size);
      const words = Uint8Array.from(source);
      maskWords(words, 0, size, MASK);
      const wide = new Uint8Array(size);
      simdMask(source, 0, size, wide, 0, MASK);
      expect(Buffer.compare(words, wide)).toBe(0);
      expect(Buffer.compare(words, naive(source, MASK))).toBe(0);
    }
  });

  it('rotates the key', () => {
    expect([0, 1, 2, 3, 4].map((phase) => rotateMask(0x44332211, phase) >>> 0)).toEqual([
      0x44332211, 0x11443322, 0x22114433, 0x33221144, 0x44332211,
    ]);
  });

  it('unmasks and finds out whether it is ASCII, at every length', () => {
    for (let size = 0; size < 40; size++) {
      const plain = new Uint8Array(size + 4).fill(0x41);
      const masked = plain.slice();
      maskInPlace(masked, 2, 2 + size, MASK);
      expect(unmaskAscii(masked, 2, 2 + size, MASK)).toBe(true);
      expect(masked).toEqual(plain);
      for (let at = 0; at < size; at++) {
        const other = plain.slice();
        other[2 + at] = 0x80;
        maskInPlace(other, 2, 2 + size, MASK);
        expect(unmaskAscii(other, 2, 2 + size, MASK)).toBe(false);
      }
    }
  });
});
