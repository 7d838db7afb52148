import { describe, expect, it } from 'vitest';
import { HpackDecoder } from '../../operators/hpack/decoder.js';
import { HpackEncoder } from '../../operators/hpack/encoder.js';
import { expectCompressionError, hex, lines, tableOf } from '../operators/hpack/support.js';

/** a: b, put into the table. */
const A_B = '40 0161 0162';

describe('RFC 7541 §2', () => {
  it('§2.1: the list keeps its order, pseudo-fields among others', () => {
    const list = ['b', '2', ':path', '/', 'a', '1', 'b', '1'];
    expect(new HpackDecoder().decodeList(new HpackEncoder().encode(list))).toEqual(list);
  });

  it('§2.2: the tables of the two directions know nothing of each other', () => {
    const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder()];
    encoder.encode(['a', 'b']);
    expect(decoder.tableSize).toBe(0);
    decoder.decodeList(hex('40 0163 0164'));
    expect(encoder.encode(['c', 'd'])).toHaveLength(5);
  });

  it('§2.3.2: duplicate entries are no error', () => {
    const decoder = new HpackDecoder();
    decoder.decodeList(hex(A_B + A_B));
    expect(tableOf(decoder)).toEqual(['a: b', 'a: b']);
  });

  it('§2.3.3: the dynamic table is behind the static one, the newest entry first', () => {
    const decoder = new HpackDecoder();
    decoder.decodeList(hex(`${A_B} 40 0163 0164`));
    expect(lines(decoder.decodeList(hex('bd be bf')))).toEqual(['www-authenticate: ', 'c: d', 'a: b']);
  });

  it.each([
    ['the empty table', '', 'be'],
    ['a table with one entry', A_B, 'bf'],
    ['a table with one entry, as a name', A_B, '7f00 0161'],
    ['both tables by far', A_B, 'ff 80808001'],
  ])('§2.3.3: an index behind %s is an error', (_, before, wire) => {
    expectCompressionError(hex(before + wire));
  });
});
