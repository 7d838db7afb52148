import { describe, expect, it } from 'vitest';
import { blockCursor } from '../../../operators/hpack/block-cursor.js';
import { huffmanLength } from '../../../operators/hpack/huffman.js';
import { readString, writeString } from '../../../operators/hpack/string-literal.js';
import { bytesOf, errorOf, hexOf, joined } from './support.js';

function write(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length + 8);
  return bytes.slice(0, writeString(bytes, 0, text, huffmanLength(text)));
}

const TEXTS = [
  '',
  'a',
  'aaa',
  '\0',
  '\xff\xfe',
  'www.example.com',
  'x'.repeat(126),
  '{'.repeat(127),
  'é'.repeat(40_000),
];

describe('string literals', () => {
  it.each(TEXTS.map((text) => [text.slice(0, 20), text.length, text] as const))(
    '%j (%i bytes) is read as it was written',
    (_, length, text) => {
      const cursor = blockCursor(joined(write(text), bytesOf('rest')));
      expect(readString(cursor, length)).toBe(text);
      expect(cursor).toMatchObject({ length, at: cursor.bytes.length - 4 });
    },
  );

  it('are Huffman-coded only where that is shorter', () => {
    expect(hexOf(write('aaaa'))).toBe('8318c63f');
    expect(hexOf(write('a'))).toBe('0161');
    expect(hexOf(write('{}'))).toBe('027b7d');
  });

  it('too long for their reader are passed over, with their length', () => {
    for (const text of ['www.example.com', '{}{}{}']) {
      const cursor = blockCursor(joined(write(text), bytesOf('rest')));
      expect(readString(cursor, text.length - 1)).toBeUndefined();
      expect(cursor).toMatchObject({ length: text.length, at: cursor.bytes.length - 4 });
    }
  });

  it('are refused wherever they are cut off', () => {
    for (const text of ['www.example.com', '{}{}{}', 'x'.repeat(300)]) {
      const whole = write(text);
      for (let length = 0; length < whole.length; length++) {
        const error = errorOf(() => readString(blockCursor(whole.subarray(0, length)), 1000));
        expect(error.code).toBe('COMPRESSION_ERROR');
      }
    }
  });

  it('are strings of their own, not views', () => {
    const bytes = Uint8Array.from([2, 0x61, 0x62]);
    const text = readString(blockCursor(bytes), 10);
    bytes.fill(0);
    expect(text).toBe('ab');
  });
});
