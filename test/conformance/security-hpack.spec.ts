/** Attacks on HPACK, by row D1 to D9 of the attack catalogue: the part that decoder and encoder answer. */
import { describe, expect, it } from 'vitest';
import { HpackDecoder } from '../../operators/hpack/decoder.js';
import { HpackEncoder } from '../../operators/hpack/encoder.js';
import { Fields } from '../../operators/http/fields.js';
import { errorOf, expectCompressionError, hex, joined, lines } from '../operators/hpack/support.js';

/** Median of the bytes that a call takes from the heap; what is collected meanwhile makes it less. */
function heapOf(call: () => unknown): number {
  const used = Array.from({ length: 21 }, () => {
    const before = process.memoryUsage().heapUsed;
    call();
    return process.memoryUsage().heapUsed - before;
  });
  return used.sort((a, b) => a - b)[10] as number;
}

/** `count` times a reference to the newest entry of the dynamic table. */
const references = (count: number): Uint8Array => new Uint8Array(count).fill(0xbe);

describe('D: HPACK', () => {
  it('D1 an HPACK bomb: one large entry, many references', () => {
    const decoder = new HpackDecoder();
    const entry = joined(hex('40 0161 7f 9e1e'), new Uint8Array(3997).fill(0x62)); // 4030 in the table
    decoder.decodeList(entry);
    const bomb = references(16_000);
    const error = errorOf(() => decoder.decodeList(bomb));
    expect(error).toMatchObject({ code: 'FIELD_LIMIT', scope: 'stream', limit: 'maxFieldBytes' });
    expect(heapOf(() => errorOf(() => decoder.decodeList(bomb)))).toBeLessThan(64 * 1024);
    expect(decoder.decodeList(references(1))).toHaveLength(2);
  });

  it('D2 an HTTP/2 bomb: tiny fields, crumbs of a cookie among them', () => {
    for (const wire of ['60 00', '40 0161 00']) {
      const decoder = new HpackDecoder();
      decoder.decodeList(hex(wire)); // 38 or 33 bytes decoded
      expect(decoder.decodeList(references(128))).toHaveLength(256);
      expect(errorOf(() => decoder.decodeList(references(129)))).toMatchObject({ limit: 'maxFields' });
      const bomb = references(20_000);
      expect(errorOf(() => decoder.decodeList(bomb))).toMatchObject({ code: 'FIELD_LIMIT', scope: 'stream' });
      expect(heapOf(() => errorOf(() => decoder.decodeList(bomb)))).toBeLessThan(64 * 1024);
    }
  });

  it('D3 endless and overflowing integers', () => {
    expectCompressionError(hex('ff ff ff ff ff ff 7f'));
    for (const first of ['ff', '7f', '3f', '1f', '0f', '007f', '00ff', '04 7f']) {
      expectCompressionError(hex(`${first} ffffffffffff7f`));
      expectCompressionError(hex(`${first} ffffffff7f`));
      expectCompressionError(joined(hex(first), new Uint8Array(10_000).fill(0x80)));
      expectCompressionError(hex(`${first} 80ffffff7f`)); // 2^35
      expectCompressionError(hex(`${first} 80808010`)); // 2^25: there are not so many bytes, nor entries
    }
  });

  it('D4 bad Huffman code', () => {
    for (const literal of [
      '81 ff', // 8 bits of padding
      '82 ffff',
      '82 1fff',
      '83 1fffff',
      '81 1e', // padding that is not all ones
      '81 18',
      '81 00',
      '84 fffffffc', // EOS
      '84 ffffffff',
      '85 1fffffffff',
      '85 fffffffc1f',
      '82 fffe', // half a code
    ]) {
      expectCompressionError(hex(`00 ${literal} 00`));
      expectCompressionError(hex(`00 0161 ${literal}`));
      expectCompressionError(hex(`40 0161 ${literal}`));
      // Nor is it passed over where nothing is kept any more.
      expectCompressionError(hex(`82 82 00 0161 ${literal}`), new HpackDecoder({ maxFields: 1 }));
    }
  });

  it('D5 table size updates: too large, late, too many', () => {
    expectCompressionError(hex('3fe21f'));
    expectCompressionError(hex('3fffffff7f'));
    expectCompressionError(hex('82 20'));
    expectCompressionError(hex('20 20 20'));
    expectCompressionError(new Uint8Array(300).fill(0x20));
    expectCompressionError(joined(new Uint8Array(2).fill(0x20), hex('82 20')));
    const decoder = new HpackDecoder();
    decoder.setMaxTableSize(0);
    expectCompressionError(hex('21 82'), decoder);
  });

  it('D6 a huge table offered to our encoder', () => {
    const encoder = new HpackEncoder();
    encoder.setMaxTableSize(2 ** 32 - 1);
    expect(encoder.tableCapacity).toBe(4096);
    for (let i = 0; i < 2000; i++) encoder.encode([`name-${i}`, 'x'.repeat(50)]);
    expect(encoder.tableSize).toBeLessThanOrEqual(4096);
    const decoder = new HpackDecoder();
    expect(decoder.decodeList(new HpackEncoder().encode(['a', 'b']))).toEqual(['a', 'b']);
  });

  it('D7 refused blocks: the table goes on, and the others are exact', () => {
    const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder({ maxFieldBytes: 1000, maxFields: 16 })];
    let refused = 0;
    for (let i = 0; i < 10_000; i++) {
      const list = [':path', `/${i % 7}`, 'x-number', String(i), 'user-agent', `agent ${i % 50}`];
      if (i % 2 === 1) {
        if (i % 4 === 1) list.push('x-large', `${i}`.padEnd(1000, 'é'), 'x-after', String(i));
        else for (let j = 0; j < 20; j++) list.push(`x-${j}`, String(i % 11));
        expect(errorOf(() => decoder.decodeList(encoder.encode(list)))).toMatchObject({
          code: 'FIELD_LIMIT',
          scope: 'stream',
        });
        refused++;
      } else {
        expect(decoder.decodeList(encoder.encode(list))).toEqual(list);
      }
      expect(decoder.tableSize).toBe(encoder.tableSize);
    }
    expect(refused).toBe(5000);
  });

  it('D8 probing for secrets: what is sensitive never enters the table, nor goes as an index', () => {
    const encoder = new HpackEncoder();
    for (const name of ['authorization', 'proxy-authorization', 'cookie', 'set-cookie']) {
      const [once, twice] = [encoder.encode([name, 'secret']), encoder.encode(new Fields({ [name]: 'secret' }))];
      expect((once[0] as number) >> 4).toBe(0b0001);
      expect(twice).toEqual(once);
      expect(new HpackDecoder().decode(once).get(name)).toBe('secret');
    }
    expect(encoder.tableSize).toBe(0);
    const decoder = new HpackDecoder();
    decoder.decodeList(encoder.encode(new Fields().append('x-token', 'secret', { neverIndex: true })));
    expect(decoder.neverIndexed).toEqual([0]);
    expect([encoder.tableSize, decoder.tableSize]).toEqual([0, 0]);
  });

  it('D9 a huge block of Huffman code: the connection ends before any of it is decoded', () => {
    const junk = joined(hex('00 0161 ff81ffff04'), new Uint8Array(10 << 20));
    const decoder = new HpackDecoder();
    const error = errorOf(() => decoder.decodeList(junk));
    expect(error).toMatchObject({ code: 'FIELD_LIMIT', scope: 'connection', wireCode: 0xb, limit: 'maxFieldBytes' });
    expect(errorOf(() => decoder.decodeList(hex('82')))).toBe(error);
  });

  it('D9 a block of up to twice the limit is read without making strings of it', () => {
    const decoder = new HpackDecoder();
    const zeros = new Uint8Array(32_758); // Huffman code of five bits each: 52 412 times 0, and padding
    zeros[zeros.length - 1] = 0x0f;
    const block = joined(hex('00 0161 ff f7fe01'), zeros, hex('82'));
    expect(block.length).toBeLessThanOrEqual(32_768);
    expect(errorOf(() => decoder.decodeList(block))).toMatchObject({ code: 'FIELD_LIMIT', scope: 'stream' });
    expect(lines(decoder.decodeList(hex('82')))).toEqual([':method: GET']);
  });

  it('C12 names of no length are refused, and charged in the table', () => {
    const decoder = new HpackDecoder();
    expect(errorOf(() => decoder.decodeList(hex('40 00 00')))).toMatchObject({
      code: 'PROTOCOL_ERROR',
      scope: 'stream',
    });
    expect(decoder.tableSize).toBe(32);
    for (let i = 0; i < 1000; i++) errorOf(() => decoder.decodeList(hex('40 00 00')));
    expect(decoder.tableSize).toBe(4096);
  });
});
