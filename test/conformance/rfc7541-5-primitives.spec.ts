import { describe, expect, it } from 'vitest';
import { HpackDecoder } from '../../operators/hpack/decoder.js';
import { expectCompressionError, hex, joined, lines } from '../operators/hpack/support.js';

describe('RFC 7541 §5.1, integers', () => {
  it.each([
    ['an index', 'ff'],
    ['a name with indexing', '7f'],
    ['a name without indexing', '0f'],
    ['a name never indexed', '1f'],
    ['a table size', '3f'],
    ['the length of a name', '00 7f'],
    ['the length of a value', '04 7f'],
    ['the length of Huffman code', '04 ff'],
  ])('of more than five bytes, or 2^28 and more, are an error: %s', (_, before) => {
    expectCompressionError(hex(`${before} ffffffffff 7f`));
    expectCompressionError(hex(`${before} 8080808000`));
    expectCompressionError(hex(`${before} ffffff7f`));
    expectCompressionError(hex(`${before} 80808080`));
  });

  it('with zeros they do not need are read', () => {
    expect(lines(new HpackDecoder().decodeList(hex('1f 8000 0161')))).toEqual(['accept-charset: a']);
  });
});

describe('RFC 7541 §5.2, strings', () => {
  it.each([
    ['padding of 8 bits', '82 1fff'],
    ['padding of 16 bits', '83 1fffff'],
    ['nothing but padding of 8 bits', '81 ff'],
    ['padding with a zero at its end', '81 1e'],
    ['padding of zeros', '81 18'],
    ['padding with a zero in it', '81 1d'],
    ['EOS alone', '84 ffffffff'],
    ['EOS first', '85 fffffffc ff'],
    ['EOS behind text', '85 1fffffffff'],
    ['EOS twice', '88 ffffffffffffffff'],
    ['half a code', '82 fffe'],
    ['a long code cut short', '83 fffffb'],
  ])('with %s are an error, as a name and as a value', (_, literal) => {
    expectCompressionError(hex(`00 ${literal} 0161`));
    expectCompressionError(hex(`00 0161 ${literal}`));
    expectCompressionError(hex(`40 0161 ${literal}`));
    expectCompressionError(hex(`04 ${literal}`));
  });

  it('may be padded with up to 7 ones, or be empty', () => {
    expect(lines(new HpackDecoder().decodeList(hex('00 81 1f 80')))).toEqual(['a: ']);
    expect(lines(new HpackDecoder().decodeList(hex('00 81 1f 82 0bff')))).toHaveLength(1);
  });

  it('may use Huffman for one and not for the other', () => {
    expect(lines(new HpackDecoder().decodeList(hex('00 81 1f 0162  00 0162 81 1f')))).toEqual(['a: b', 'b: a']);
  });
});

describe('a block that ends too early', () => {
  const fields = [
    '82',
    '40 0a637573746f6d2d6b6579 0d637573746f6d2d686561646572',
    '41 8c f1e3c2e5f23a6ba0ab90f4ff',
    '1f 8000 0161',
    '00 85 25a849e95f 03 616263',
    'be',
  ].map(hex);

  it('is an error at every byte that is not the end of a field', () => {
    let before = joined();
    for (const [i, field] of fields.entries()) {
      for (let length = 1; length < field.length; length++) {
        expectCompressionError(joined(before, field.subarray(0, length)));
      }
      before = joined(before, field);
      expect(new HpackDecoder().decodeList(before)).toHaveLength(2 * (i + 1));
    }
  });

  it('is one inside a size update too', () => {
    for (const wire of ['3f', '3fe1', '20 3f', '203fe1']) expectCompressionError(hex(wire));
  });
});
