import { describe, expect, it } from 'vitest';
import { blockCursor } from '../../../operators/hpack/block-cursor.js';
import { MAX_INTEGER, readInteger, writeInteger } from '../../../operators/hpack/integer.js';
import { errorOf, hex, hexOf } from './support.js';

function write(value: number, mask: number, flags = 0): Uint8Array {
  const bytes = new Uint8Array(16);
  return bytes.slice(0, writeInteger(bytes, 0, flags, mask, value));
}

/** RFC 7541 §5.1, its pseudo-code word for word. */
function written(value: number, bits: number): number[] {
  const most = 2 ** bits - 1;
  if (value < most) return [value];
  const bytes = [most];
  let rest = value - most;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

describe.each([1, 2, 3, 4, 5, 6, 7, 8])('a prefix of %i bits', (bits) => {
  const mask = 2 ** bits - 1;
  const edges = [0, mask, mask + 127, mask + 128, mask + 2 ** 14, mask + 2 ** 21, 2 ** 20, MAX_INTEGER];
  const values = edges.flatMap((edge) => [edge - 1, edge, edge + 1]).filter((n) => n >= 0 && n <= MAX_INTEGER);

  it.each(values)('writes and reads %i', (value) => {
    expect([...write(value, mask)]).toEqual(written(value, bits));
    const cursor = blockCursor(new Uint8Array([...write(value, mask), 0x55]));
    expect(readInteger(cursor, mask)).toBe(value);
    expect(cursor.at).toBe(cursor.bytes.length - 1);
  });

  it('leaves the bits before it alone', () => {
    const flags = 0xff & ~mask;
    expect(write(mask, mask, flags)[0]).toBe(0xff);
    expect(readInteger(blockCursor(write(mask - 1, mask, flags)), mask)).toBe(mask - 1);
  });

  it('reads five bytes and 2^28 - 1 at the most', () => {
    const code = (bytes: number[]): string =>
      errorOf(() => readInteger(blockCursor(Uint8Array.from(bytes)), mask)).code;
    expect(code(written(MAX_INTEGER + 1, bits))).toBe('COMPRESSION_ERROR');
    expect(code([mask, 0x80, 0x80, 0x80, 0x80, 0x00])).toBe('COMPRESSION_ERROR');
    expect(readInteger(blockCursor(Uint8Array.from([mask, 0x80, 0x80, 0x80, 0x00])), mask)).toBe(mask);
  });

  it('is refused wherever it is cut off', () => {
    const whole = write(MAX_INTEGER, mask);
    for (let length = 0; length < whole.length; length++) {
      expect(errorOf(() => readInteger(blockCursor(whole.subarray(0, length)), mask)).code).toBe('COMPRESSION_ERROR');
    }
  });
});

it('RFC 7541 C.1', () => {
  expect(hexOf(write(10, 0x1f))).toBe('0a');
  expect(hexOf(write(1337, 0x1f))).toBe('1f9a0a');
  expect(hexOf(write(42, 0xff))).toBe('2a');
  expect(readInteger(blockCursor(hex('ea')), 0x1f)).toBe(10);
  expect(readInteger(blockCursor(hex('ff9a0a')), 0x1f)).toBe(1337);
  expect(readInteger(blockCursor(hex('2a')), 0xff)).toBe(42);
});
