import { describe, expect, it } from 'vitest';
import { HpackDecoder } from '../../../operators/hpack/decoder.js';
import { HpackEncoder } from '../../../operators/hpack/encoder.js';
import { Fields } from '../../../operators/http/fields.js';
import { hexOf, lines } from './support.js';

describe('HpackEncoder', () => {
  it('writes Fields and flat lists alike, behind fields that go first', () => {
    const fields = new Fields({ accept: '*/*', cookie: 'a=b' });
    const first = [':method', 'GET', ':path', '/x'];
    const block = new HpackEncoder().encode(fields, first);
    expect(hexOf(new HpackEncoder().encode(['accept', '*/*', 'cookie', 'a=b'], first))).toBe(hexOf(block));
    expect(lines(new HpackDecoder().decodeList(block))).toEqual([
      ':method: GET',
      ':path: /x',
      'accept: */*',
      'cookie: a=b',
    ]);
  });

  it('gives bytes that are the caller’s', () => {
    const encoder = new HpackEncoder();
    const block = encoder.encode(['a', 'b']);
    const before = hexOf(block);
    encoder.encode(['x', 'y', 'z', 'w']);
    expect(hexOf(block)).toBe(before);
    expect(block.buffer.byteLength).toBe(block.length);
  });

  it('writes a pair as one byte once it is in the table, also in the same block', () => {
    const encoder = new HpackEncoder();
    expect(hexOf(encoder.encode(['a', 'b', 'a', 'b']))).toBe('4001610162be');
    expect(hexOf(encoder.encode(['c', 'd', 'a', 'b']))).toBe('4001630164bf');
  });

  it('writes a name by the index of its newest entry', () => {
    const encoder = new HpackEncoder();
    expect(hexOf(encoder.encode(['a', '1', 'x', '', 'a', '2']))).toMatch(/7f000132$/); // 63
    expect(hexOf(encoder.encode(['a', '3']))).toBe('7e0133');
  });

  it.each([
    ['a path with a query', ':path', '/?a=1'],
    ['content-length', 'content-length', '12345'],
    ['etag', 'etag', '"abc"'],
    ['last-modified', 'last-modified', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['what would take more than three quarters of the table', 'a', '\0'.repeat(4096 * 0.75 - 32)],
  ])('does not index %s', (_, name, value) => {
    const encoder = new HpackEncoder();
    const block = encoder.encode([name, value]);
    expect((block[0] as number) & 0xf0).toBe(0x00);
    expect(encoder.tableSize).toBe(0);
    expect(new HpackDecoder().decodeList(block)).toEqual([name, value]);
  });

  it.each([
    ['a path', ':path', '/a'],
    ['date', 'date', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['what would take three quarters of the table', 'a', '\0'.repeat(4096 * 0.75 - 33)],
  ])('indexes %s', (_, name, value) => {
    const encoder = new HpackEncoder();
    encoder.encode([name, value]);
    expect(encoder.encode([name, value])).toHaveLength(1);
  });

  it('writes blocks of any size', () => {
    const list = Array.from({ length: 400 }, (_, i) => [`name-${i}`, '\xff'.repeat(i)]).flat();
    const decoder = new HpackDecoder({ maxFieldBytes: 1 << 20, maxFields: 1000 });
    expect(decoder.decodeList(new HpackEncoder().encode(list))).toEqual(list);
  });

  it.each(['\u0100', '\u010a', 'é\u20ac', '\u{1f600}'])('refuses %j, and goes on with an empty table', (text) => {
    const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder()];
    decoder.decodeList(encoder.encode(['a', 'b']));
    for (const list of [
      ['c', 'd', 'e', text],
      ['c', 'd', text, 'e'],
    ]) {
      expect(() => encoder.encode(list)).toThrow(expect.objectContaining({ code: 'INVALID_FIELD_VALUE' }));
      const block = encoder.encode(['c', 'd', 'a', 'b']);
      expect(hexOf(block)).toBe('203fe11f40016301644001610162');
      expect(lines(decoder.decodeList(block))).toEqual(['c: d', 'a: b']);
      expect(decoder.tableSize).toBe(encoder.tableSize);
    }
  });

  it('keeps an update that was in a block it could not write', () => {
    for (const size of [0, 100]) {
      const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder()];
      decoder.decodeList(encoder.encode(['a', 'b']));
      encoder.setMaxTableSize(size);
      decoder.setMaxTableSize(size);
      expect(() => encoder.encode(['a', '\u0100'])).toThrow();
      expect(lines(decoder.decodeList(encoder.encode(['a', 'b'])))).toEqual(['a: b']);
      expect(decoder.tableSize).toBe(encoder.tableSize);
    }
  });

  it('has the table that is allowed and wanted', () => {
    const encoder = new HpackEncoder({ maxTableSize: 8192 });
    expect(encoder.tableCapacity).toBe(4096);
    encoder.setMaxTableSize(65_536);
    expect(encoder.tableCapacity).toBe(8192);
    expect(hexOf(encoder.encode([]))).toBe('3fe13f');
  });

  it('refuses sizes that are none', () => {
    const invalid = expect.objectContaining({ code: 'INVALID_LIMIT' });
    expect(() => new HpackEncoder({ maxTableSize: -1 })).toThrow(invalid);
    for (const size of [-1, 0.5, 2 ** 32]) expect(() => new HpackEncoder().setMaxTableSize(size)).toThrow(invalid);
  });
});
