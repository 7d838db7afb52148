import { describe, expect, it } from 'vitest';
import { HpackDecoder } from '../../operators/hpack/decoder.js';
import { HpackEncoder } from '../../operators/hpack/encoder.js';
import { expectCompressionError, hex, hexOf, lines } from '../operators/hpack/support.js';

describe('RFC 7541 §6', () => {
  it('§6.1: index 0 is an error', () => {
    expectCompressionError(hex('80'));
    expectCompressionError(hex('82 80'));
  });

  it.each([
    ['§6.2.1, with indexing', '40 0161 0162', 34],
    ['§6.2.1, with indexing, its name by index', '44 022f62', 39],
    ['§6.2.2, without indexing', '00 0161 0162', 0],
    ['§6.2.2, without indexing, its name by index', '04 022f62', 0],
    ['§6.2.3, never indexed', '10 0161 0162', 0],
    ['§6.2.3, never indexed, its name by index', '14 022f62', 0],
  ])('a literal %s enters the table or does not', (_, wire, size) => {
    const decoder = new HpackDecoder();
    expect(lines(decoder.decodeList(hex(wire)))).toEqual([wire.includes('2f62') ? ':path: /b' : 'a: b']);
    expect(decoder.tableSize).toBe(size);
  });

  it('§6.2: our encoder takes the lowest index for a pair and for a name', () => {
    const encoder = new HpackEncoder();
    expect(hexOf(encoder.encode([':method', 'GET', ':status', '200', 'cookie-x', 'a']))).toMatch(/^8288/);
    expect(hexOf(encoder.encode([':method', 'PUT', ':status', '201', 'vary', '']))).toMatch(/^42.*48.*bb$/);
  });

  it('§6.3: a size above the limit is an error', () => {
    expectCompressionError(hex('3fe21f')); // 4097
    expectCompressionError(hex('21'), new HpackDecoder({ maxTableSize: 0 }));
    expect(new HpackDecoder().decodeList(hex('3fe11f 82'))).toHaveLength(2);
  });

  it('§6.3: a size update is at the beginning of a block, and there are at most two', () => {
    expectCompressionError(hex('82 20'));
    expectCompressionError(hex('82 3fe11f'));
    expectCompressionError(hex('20 20 20'));
    expectCompressionError(hex('20 82 20'));
    expect(new HpackDecoder().decodeList(hex('20 3fe11f 82'))).toHaveLength(2);
  });
});

describe('RFC 9113 §4.3, §8.2.1', () => {
  it('a block that does not decode ends the connection, and the decoder with it', () => {
    const decoder = new HpackDecoder();
    expectCompressionError(hex('be'), decoder); // looks at what follows too
  });

  it('a name that is empty is malformed: its stream ends, the table goes on', () => {
    const decoder = new HpackDecoder();
    for (const wire of ['00 00 0161', '10 80 0161', '40 0161 0162 40 00 0161']) {
      expect(() => decoder.decode(hex(wire))).toThrow(
        expect.objectContaining({ code: 'PROTOCOL_ERROR', scope: 'stream', wireCode: 0x1 }),
      );
    }
    expect(lines(decoder.decodeList(hex('be bf')))).toEqual([': a', 'a: b']);
  });
});
