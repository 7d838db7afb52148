/**
 * The Huffman code of RFC 7541 Appendix B.
 *
 * It is canonical: of two codes the longer is the larger, and among those of one length they ascend with the symbol. So
 * the lengths say everything, and the codes are counted out of them at load.
 */

/** Length of the code of each symbol in bits, a digit of base 36 each; the last is EOS. */
const LENGTH_DIGITS =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca' +
  'd67777777777777777777777878djde6f56565666577666567655677777fbeds' +
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq' +
  'u';

/** The symbol that ends a string and may not be in one. */
export const EOS = 256;
/** Bits. */
const LONGEST_CODE = 30;

/** Bits of each symbol's code. */
export const CODE_LENGTHS = Uint8Array.from(LENGTH_DIGITS, (digit) => Number.parseInt(digit, 36));

/** Each symbol's code, in its lowest bits. */
export const CODES = countedOut(CODE_LENGTHS);

function countedOut(lengths: Uint8Array): Uint32Array {
  const codes = new Uint32Array(lengths.length);
  let code = 0;
  for (let length = 1; length <= LONGEST_CODE; length++) {
    for (let symbol = 0; symbol < lengths.length; symbol++) if (lengths[symbol] === length) codes[symbol] = code++;
    code <<= 1;
  }
  return codes;
}
