import { describe, expect, it } from 'vitest';
import { HpackDecoder } from '../../operators/hpack/decoder.js';
import { HpackEncoder } from '../../operators/hpack/encoder.js';
import { Fields } from '../../operators/http/fields.js';
import { hex, hexOf } from '../operators/hpack/support.js';

describe('RFC 7541 §7.1.3', () => {
  it.each(['authorization', 'proxy-authorization', 'cookie', 'set-cookie'])(
    '%s is never indexed by default',
    (name) => {
      const encoder = new HpackEncoder();
      for (const block of [encoder.encode([name, 'secret']), encoder.encode(new Fields({ [name]: 'secret' }))]) {
        expect((block[0] as number) & 0xf0).toBe(0x10);
      }
      expect(encoder.encode([name, ''])[0]).toBe(0x1f); // not even where a table has the pair
      expect(encoder.tableSize).toBe(0);
    },
  );

  it('a field that asks for it is never indexed, not even if the table has it', () => {
    const encoder = new HpackEncoder();
    encoder.encode(new Fields({ 'x-token': 'abc' }));
    const block = encoder.encode(new Fields().append('x-token', 'abc', { neverIndex: true }));
    expect(hexOf(block)).toMatch(/^1f2f/); // its name by index 62
    expect(encoder.encode(new Fields().append('cookie', 'a=b', { neverIndex: false }))[0]).toBe(0x60);
  });

  it('an intermediary passes it on as it came', () => {
    const block = hex('10 0678 2d6b6579 30 0161  00 0162 0163  1f28 0161');
    const [decoder, encoder, next] = [new HpackDecoder(), new HpackEncoder(), new HpackDecoder()];
    for (let i = 0; i < 3; i++) {
      const fields = decoder.decode(block);
      const passed = encoder.encode(fields);
      expect([...next.decode(passed)]).toEqual([...fields]);
      expect(next.neverIndexed).toEqual(decoder.neverIndexed);
      expect(decoder.neverIndexed).toEqual([0, 2]);
    }
  });
});
