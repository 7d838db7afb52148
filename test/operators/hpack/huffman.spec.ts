import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CODE_LENGTHS, CODES, EOS } from '../../../operators/hpack/huffman-code.js';
import { decodeHuffman, encodeHuffman, huffmanDecodedBound, huffmanLength } from '../../../operators/hpack/huffman.js';
import { isProtocolError } from '../../../operators/core/protocol-error.js';
import { errorOf, hex, hexOf } from './support.js';

function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(huffmanLength(text) + 1);
  expect(encodeHuffman(text, bytes, 0)).toBe(bytes.length - 1);
  return bytes.subarray(0, -1);
}

function decode(bytes: Uint8Array): string {
  const into = new Uint8Array(huffmanDecodedBound(bytes.length));
  return Buffer.from(into.subarray(0, decodeHuffman(bytes, 0, bytes.length, into))).toString('latin1');
}

const codeOf = (symbol: number): string =>
  (CODES[symbol] as number).toString(2).padStart(CODE_LENGTHS[symbol] as number, '0');

/** Bit by bit, and by looking for the code in a list; undefined for an error. */
function naiveDecode(bytes: Uint8Array): string | undefined {
  const symbols = new Map(Array.from(CODES, (_, symbol) => [codeOf(symbol), symbol]));
  let text = '';
  let code = '';
  for (const bit of Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')) {
    code += bit;
    const symbol = symbols.get(code);
    if (symbol === undefined) continue;
    if (symbol === EOS) return undefined;
    text += String.fromCharCode(symbol);
    code = '';
  }
  return code.length <= 7 && !code.includes('0') ? text : undefined;
}

/** Bits as bytes; their number has to fit. */
function bits(text: string): Uint8Array {
  expect(text.length % 8).toBe(0);
  return Uint8Array.from(text.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}

describe('the code', () => {
  it('is complete and has no code that begins another', () => {
    expect(CODES).toHaveLength(257);
    const codes = Array.from(CODES, (_, symbol) => codeOf(symbol)).sort();
    expect(codes.some((code, i) => codes[i + 1]?.startsWith(code))).toBe(false);
    expect(Array.from(CODE_LENGTHS).reduce((sum, length) => sum + 2 ** -length, 0)).toBe(1);
  });

  it.each([
    ['0', '00000'],
    ['a', '00011'],
    [' ', '010100'],
    ['Z', '11111101'],
    ['\\', '1111111111111110000'],
    ['\0', '1111111111000'],
    ['\n', '111111111111111111111111111100'],
    ['\x7f', '1111111111111111111111111100'],
    ['\x80', '11111111111111100110'],
    ['\xc7', '1111111111111111111101100'],
    ['\xf9', '1111111111111111111111111110'],
    ['\xff', '11111111111111111111101110'],
  ])('of %j is %s, as in RFC 7541 Appendix B', (symbol, code) => {
    expect(codeOf(symbol.charCodeAt(0))).toBe(code);
  });

  it('of EOS is 30 ones', () => {
    expect(codeOf(EOS)).toBe('1'.repeat(30));
  });
});

describe('round trip', () => {
  const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));

  it('of every byte, and every byte behind every other', () => {
    for (const first of all) {
      expect(decode(encode(first))).toBe(first);
      const pairs = all.map((second) => first + second).join('');
      expect(decode(encode(pairs))).toBe(pairs);
    }
  });

  it('of every byte at every place within a byte', () => {
    for (const first of all)
      for (let i = 0; i < 8; i++) expect(decode(encode('0'.repeat(i) + first))).toHaveLength(i + 1);
  });

  it('of any text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = Buffer.from(bytes).toString('latin1');
        expect(decode(encode(text))).toBe(text);
      }),
    );
  });
});

describe('the decoder', () => {
  it('says of any bytes what one that goes bit by bit says', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), fc.boolean(), (bytes, pad) => {
        if (pad && bytes.length > 0) bytes[bytes.length - 1] = (bytes.at(-1) as number) | 0x1f;
        let text: string | undefined;
        try {
          text = decode(bytes);
        } catch (error) {
          if (!isProtocolError(error)) throw error;
        }
        expect(text).toBe(naiveDecode(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it('takes no padding, and up to 7 ones', () => {
    expect(decode(bits('0001100100011001'.padEnd(16, '1')))).toHaveLength(3);
    for (const symbol of ['a', ' ', ':', 'X', '!', "'", '#', '\0']) {
      const code = codeOf(symbol.charCodeAt(0));
      expect(decode(bits(code.padEnd(Math.ceil(code.length / 8) * 8, '1')))).toBe(symbol);
    }
    expect(decode(new Uint8Array(0))).toBe('');
  });

  it.each([
    ['8 ones', 'X', '1'.repeat(8)],
    ['16 ones', 'X', '1'.repeat(16)],
    ['22 ones', 'X', '1'.repeat(24)],
    ['a zero', 'a', '110'],
    ['zeros', 'a', '000'],
    ['EOS whole', '0', '1'.repeat(30).padEnd(35, '1')],
    ['EOS, then text', '', `${'1'.repeat(30)}00`],
  ])('refuses padding with %s', (_, text, rest) => {
    const code = Array.from(text, (symbol) => codeOf(symbol.charCodeAt(0))).join('');
    expect(errorOf(() => decode(bits(code + rest))).code).toBe('COMPRESSION_ERROR');
  });

  it('reads the part it is told to', () => {
    const bytes = hex('00 f1e3c2e5f23a6ba0ab90f4ff 00');
    const into = new Uint8Array(64);
    expect(decodeHuffman(bytes, 1, 13, into)).toBe(15);
    expect(Buffer.from(into.subarray(0, 15)).toString()).toBe('www.example.com');
  });
});

describe('the encoder', () => {
  it('writes as RFC 7541 C.4 and C.6 do', () => {
    expect(hexOf(encode('www.example.com'))).toBe('f1e3c2e5f23a6ba0ab90f4ff');
    expect(hexOf(encode('Mon, 21 Oct 2013 20:13:21 GMT'))).toBe('d07abe941054d444a8200595040b8166e082a62d1bff');
  });

  it('knows the length before, and what it cannot write', () => {
    expect(huffmanLength('')).toBe(0);
    expect(huffmanLength('www.example.com')).toBe(12);
    expect(huffmanLength('a\u0100')).toBe(-1);
    expect(huffmanLength('\u{1f600}')).toBe(-1);
  });
});
