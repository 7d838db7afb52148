import { describe, expect, it } from 'vitest';
import { HpackDecoder } from '../../operators/hpack/decoder.js';
import { HpackEncoder } from '../../operators/hpack/encoder.js';
import { expectCompressionError, hex, hexOf, lines, tableOf } from '../operators/hpack/support.js';

/** a: b, put into the table: 34 bytes there. */
const A_B = '40 0161 0162';

describe('RFC 7541 §4.1, §4.3, §4.4', () => {
  it('an entry counts its name, its value and 32, as they are without Huffman', () => {
    const decoder = new HpackDecoder();
    decoder.decodeList(hex('40 88 25a849e95ba97d7f 89 25a849e95bb8e8b4bf'));
    expect(decoder.tableSize).toBe('custom-key'.length + 'custom-value'.length + 32);
  });

  it('entries go from the old end until the new one fits', () => {
    const decoder = new HpackDecoder({ maxTableSize: 3 * 34 });
    decoder.decodeList(hex('40 0161 0131 40 0161 0132 40 0161 0133'));
    decoder.decodeList(hex('40 0161 02 3434'));
    expect(tableOf(decoder)).toEqual(['a: 44', 'a: 3']);
  });

  it('a smaller table loses them as well', () => {
    const decoder = new HpackDecoder();
    decoder.decodeList(hex(`${A_B} 40 0163 0164`));
    decoder.decodeList(hex('3f 05')); // 36
    expect(tableOf(decoder)).toEqual(['c: d']);
    decoder.decodeList(hex('20'));
    expect(decoder.tableSize).toBe(0);
  });

  it('an entry larger than the table empties it and is no error', () => {
    const decoder = new HpackDecoder({ maxTableSize: 34 });
    decoder.decodeList(hex(A_B));
    expect(lines(decoder.decodeList(hex('40 0161 02 6262')))).toEqual(['a: bb']);
    expect(decoder.tableSize).toBe(0);
  });

  it('and our encoder does not send such', () => {
    const encoder = new HpackEncoder();
    encoder.encode(['a', 'b']);
    expect(encoder.encode(['c', '\0'.repeat(5000)])[0]).toBe(0x00);
    expect(hexOf(encoder.encode(['a', 'b']))).toBe('be');
  });
});

describe('RFC 7541 §4.2 and RFC 9113 §4.3.1, the size our decoder allows', () => {
  function lowered(...sizes: number[]): HpackDecoder {
    const decoder = new HpackDecoder();
    decoder.decodeList(hex(A_B));
    for (const size of sizes) decoder.setMaxTableSize(size);
    return decoder;
  }

  it.each([
    ['a block that does not begin with an update', '82'],
    ['an empty block', ''],
    ['an update that is too large', '3fe2 0182'],
    ['an update that comes late', '82 20'],
  ])('after it was lowered, %s is an error', (_, wire) => {
    expectCompressionError(hex(wire), lowered(256));
  });

  it('after it was lowered, an update to it or less is demanded once', () => {
    for (const wire of ['3fe101 82', '20 82', '20 3fe101 82']) {
      const decoder = lowered(256);
      expect(lines(decoder.decodeList(hex(wire)))).toEqual([':method: GET']);
      expect(lines(decoder.decodeList(hex('82')))).toEqual([':method: GET']);
    }
  });

  it('the smallest size in between is demanded first', () => {
    for (const wire of ['82', '3fe11f 82', '3f01 82']) expectCompressionError(hex(wire), lowered(0, 4096));
    const decoder = lowered(0, 4096);
    expect(lines(decoder.decodeList(hex(`20 3fe11f ${A_B}`)))).toEqual(['a: b']);
    expect(tableOf(decoder)).toEqual(['a: b']);
  });

  it('a size that the peer does not use anyway demands nothing', () => {
    const decoder = new HpackDecoder();
    decoder.decodeList(hex('3f01')); // 32
    decoder.setMaxTableSize(100);
    expect(lines(decoder.decodeList(hex('82')))).toEqual([':method: GET']);
  });

  it('after it was raised, the peer may use that or not', () => {
    const decoder = lowered(65_536);
    expect(lines(decoder.decodeList(hex('be')))).toEqual(['a: b']);
    expect(lines(decoder.decodeList(hex('3fe1ff03 be')))).toEqual(['a: b']);
    expectCompressionError(hex('3fe2ff03'), decoder);
  });
});

describe('RFC 7541 §4.2, the size the peer allows our encoder', () => {
  it('is told at the beginning of the next block, once', () => {
    const encoder = new HpackEncoder();
    encoder.setMaxTableSize(256);
    expect(hexOf(encoder.encode([':method', 'GET']))).toBe('3fe10182');
    expect(hexOf(encoder.encode([':method', 'GET']))).toBe('82');
  });

  it('with the smallest in between, then the final one', () => {
    const encoder = new HpackEncoder();
    expect(encoder.encode(['a', 'b'])).toHaveLength(5);
    for (const size of [100, 0, 50, 200]) encoder.setMaxTableSize(size);
    expect(hexOf(encoder.encode(['a', 'b']))).toBe('203fa9014001610162');
    expect(hexOf(encoder.encode(['a', 'b']))).toBe('be');
  });

  it('and never more than two', () => {
    const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder()];
    for (const size of [4096, 10, 4096, 9, 300, 8, 4096, 4000]) encoder.setMaxTableSize(size);
    decoder.setMaxTableSize(8);
    decoder.setMaxTableSize(4000);
    const block = encoder.encode([':method', 'GET']);
    expect(hexOf(block)).toBe('283f811f82');
    expect(lines(decoder.decodeList(block))).toEqual([':method: GET']);
  });

  it('not at all where nothing changes', () => {
    const encoder = new HpackEncoder({ maxTableSize: 1024 });
    expect(hexOf(encoder.encode([]))).toBe('3fe107'); // less than what both begin with
    for (const size of [4096, 2048, 1024, 65_536, 2 ** 32 - 1]) encoder.setMaxTableSize(size);
    expect(hexOf(encoder.encode([]))).toBe('');
  });

  it('may be 0: nothing is indexed', () => {
    const encoder = new HpackEncoder();
    encoder.setMaxTableSize(0);
    expect(hexOf(encoder.encode(['a', 'b', 'a', 'b']))).toBe('2000016101620001610162');
    expect(encoder.tableSize).toBe(0);
  });
});
