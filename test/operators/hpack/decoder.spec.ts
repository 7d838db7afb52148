import { describe, expect, it } from 'vitest';
import { HpackDecoder } from '../../../operators/hpack/decoder.js';
import { HpackEncoder } from '../../../operators/hpack/encoder.js';
import { Fields } from '../../../operators/http/fields.js';
import { errorOf, expectCompressionError, hex, joined, lines, tableOf } from './support.js';

const GET = hex('82');
/** a: b, put into the table. */
const A_B = hex('40 0161 0162');

describe('HpackDecoder', () => {
  it('reads an empty block, and only that as no fields', () => {
    const decoder = new HpackDecoder();
    expect(decoder.decodeList(new Uint8Array(0))).toEqual([]);
    expect(decoder.decode(hex('20')).size).toBe(0);
  });

  it('keeps the order, and duplicates', () => {
    const decoder = new HpackDecoder();
    expect(lines(decoder.decodeList(joined(A_B, GET, A_B, hex('be'))))).toEqual([
      'a: b',
      ':method: GET',
      'a: b',
      'a: b',
    ]);
    expect(tableOf(decoder)).toEqual(['a: b', 'a: b']);
  });

  it('has names and values of any bytes, one character each', () => {
    const [name, value] = new HpackDecoder().decodeList(hex('00 02 c3a9 03 00ff0a'));
    expect([name, value]).toEqual(['\xc3\xa9', '\0\xff\n']);
  });

  it('gives the same strings for an entry each time', () => {
    const decoder = new HpackDecoder();
    decoder.decodeList(hex('40 0161 05 68656c6c6f'));
    expect(decoder.decodeList(hex('be be be'))).toEqual(['a', 'hello', 'a', 'hello', 'a', 'hello']);
  });

  it('keeps no view of what it read', () => {
    const decoder = new HpackDecoder();
    const block = Uint8Array.from(A_B);
    const list = decoder.decodeList(block);
    block.fill(0);
    expect(list).toEqual(['a', 'b']);
    expect(tableOf(decoder)).toEqual(['a: b']);
  });

  it('gives lists that are the caller’s', () => {
    const decoder = new HpackDecoder();
    decoder.decodeList(A_B).length = 0;
    expect(decoder.decodeList(hex('be'))).toEqual(['a', 'b']);
  });

  it('is emptied by an entry that is larger than the table', () => {
    const decoder = new HpackDecoder({ maxTableSize: 40 });
    decoder.decodeList(A_B);
    expect(lines(decoder.decodeList(hex('40 0161 08 3132333435363738')))).toEqual(['a: 12345678']);
    expect(decoder.tableSize).toBe(0);
  });

  it('may take the name of an entry that its own insertion evicts', () => {
    const decoder = new HpackDecoder({ maxTableSize: 34 });
    decoder.decodeList(A_B);
    expect(lines(decoder.decodeList(hex('7e 0163 be')))).toEqual(['a: c', 'a: c']);
  });

  it.each([
    ['index 0', '80'],
    ['an index behind the tables', 'be'],
    ['the index of an entry that was evicted', '40 0161 0162 40 0161 0163 40 0161 0164 c0'],
    ['a name behind the tables', '7e 0161'],
    ['a name behind the tables, not indexed', '0f2f 0161'],
    ['a name behind the tables, never indexed', '1f2f 0161'],
    ['an index of 2^28', 'ff 81ffffff7f'],
  ])('refuses %s', (_, wire) => {
    expectCompressionError(hex(wire), new HpackDecoder({ maxTableSize: 70 }));
  });

  it('reads a large table', () => {
    const decoder = new HpackDecoder({ maxFieldBytes: 1 << 20, maxFields: 4000 });
    decoder.setMaxTableSize(65_536);
    const fields = Array.from({ length: 1500 }, (_, i) => hex(`40 02${(i + 0x1000).toString(16)} 0162`));
    decoder.decodeList(joined(hex('3fe1ff03'), ...fields));
    expect(decoder.tableSize).toBe(1500 * 35);
    expect(decoder.decodeList(hex('ff 9a0b'))).toEqual(['\x10\0', 'b']); // the oldest, 1561
  });

  it.each([[{ maxTableSize: -1 }], [{ maxFields: 1.5 }], [{ maxFieldBytes: Number.NaN }], [{ maxTableSize: 2 ** 28 }]])(
    'refuses the option %j',
    (config) => {
      expect(() => new HpackDecoder(config)).toThrow(expect.objectContaining({ code: 'INVALID_LIMIT' }));
    },
  );
});

describe('limits', () => {
  it('are met exactly, and passed by one', () => {
    const block = joined(GET, A_B); // 7 + 3 + 32, 1 + 1 + 32
    expect(new HpackDecoder({ maxFieldBytes: 76, maxFields: 2 }).decodeList(block)).toHaveLength(4);
    const tooManyBytes = errorOf(() => new HpackDecoder({ maxFieldBytes: 75 }).decodeList(block));
    const tooMany = errorOf(() => new HpackDecoder({ maxFields: 1 }).decodeList(block));
    for (const [error, limit] of [
      [tooManyBytes, 'maxFieldBytes'],
      [tooMany, 'maxFields'],
    ] as const) {
      expect(error).toMatchObject({ code: 'FIELD_LIMIT', scope: 'stream', initiator: 'remote', wireCode: 0xb, limit });
    }
  });

  it('are for each block anew', () => {
    const decoder = new HpackDecoder({ maxFields: 1 });
    for (let i = 0; i < 10; i++) expect(decoder.decodeList(GET)).toHaveLength(2);
    expect(errorOf(() => decoder.decodeList(joined(GET, GET))).code).toBe('FIELD_LIMIT');
    expect(decoder.decodeList(GET)).toHaveLength(2);
  });

  it('leave the rest of a block to be checked', () => {
    const rest = ['80', '00 0161 0a', '00 0161 81ff', '3f', 'ff ffffffffff'];
    for (const wire of rest) expectCompressionError(joined(GET, GET, hex(wire)), new HpackDecoder({ maxFields: 1 }));
  });

  it('do not keep an entry from the table that fits there', () => {
    const decoder = new HpackDecoder({ maxFieldBytes: 50 });
    expect(errorOf(() => decoder.decodeList(joined(GET, A_B, hex('00 0178 0179'))))).toMatchObject({
      code: 'FIELD_LIMIT',
    });
    expect(decoder.decodeList(hex('be'))).toEqual(['a', 'b']);
  });

  it('nor do they keep one that does not from emptying it', () => {
    const decoder = new HpackDecoder({ maxFieldBytes: 100, maxTableSize: 64 });
    decoder.decodeList(A_B);
    const value = joined(hex('40 0161 7f 01'), new Uint8Array(128).fill(0x62));
    expect(errorOf(() => decoder.decodeList(value)).code).toBe('FIELD_LIMIT');
    expect(decoder.tableSize).toBe(0);
    decoder.decodeList(A_B);
    const name = joined(hex('40 7f 01'), new Uint8Array(128).fill(0x62), hex('0161'));
    expect(errorOf(() => decoder.decodeList(name)).code).toBe('FIELD_LIMIT');
    expect(decoder.tableSize).toBe(0);
  });
});

describe('never-indexed fields', () => {
  /** secret: 1 never indexed, plain: 2, cookie: 3 put into the table by a careless peer. */
  const block = hex('10 06736563726574 0131  00 05706c61696e 0132  60 0133');

  it('are told of, by pair', () => {
    const decoder = new HpackDecoder();
    decoder.decodeList(joined(GET, block));
    expect(decoder.neverIndexed).toEqual([1]);
    decoder.decodeList(GET);
    expect(decoder.neverIndexed).toBeUndefined();
  });

  it('keep their flag in Fields and through an encoder; sensitive names have it anyway', () => {
    const fields = new HpackDecoder().decode(block);
    expect([...fields].map(({ name, neverIndex }) => `${name} ${neverIndex}`)).toEqual([
      'secret true',
      'plain false',
      'cookie true',
    ]);
    const again = new HpackDecoder().decode(new HpackEncoder().encode(fields));
    expect([...again]).toEqual([...fields]);
    expect([...fields.clone()]).toEqual([...fields]);
  });

  it('with a name by index', () => {
    expect(new HpackDecoder().decode(hex('1f08 0131')).get('authorization')).toBe('1');
    expect([...new HpackDecoder().decode(hex('14 0131'))]).toEqual([{ name: ':path', value: '1', neverIndex: true }]);
  });

  it('are not told of when the block is refused', () => {
    const decoder = new HpackDecoder({ maxFields: 2 });
    expect(() => decoder.decode(block)).toThrow();
    expect(decoder.neverIndexed).toBeUndefined();
  });

  it('leave Fields alone that know the default', () => {
    expect([...Fields.fromParsed(['cookie', '1'], [0])]).toEqual([...new Fields({ cookie: '1' })]);
  });
});
