/**
 * Huffman coding of string literals (RFC 7541 §5.2).
 *
 * The decoder takes a byte a step. Its states are the inner nodes of the code tree, of which there are 256; a step is one
 * look into a table of states × bytes, which says the next state and the one or two symbols that became complete (no code
 * is shorter than 5 bits). The row of a state is made when it is first met, so what is never used costs neither time nor
 * resident memory.
 */
import { compressionError } from './compression-error.js';
import { CODE_LENGTHS, CODES, EOS } from './huffman-code.js';

const STATES = 256;
/** Of a code, more bits than these are not written at once: seven may be waiting, and a number has 31. */
const MOST_BITS = 24;

/** Children of node n at 2n and 2n + 1: a node, or ~symbol. The root is node 0. */
const TREE = growTree();
/** Bits 0–7: next state; 8–9: how many symbols; 10–17 and 18–25: the symbols. Negative: EOS. 0: the row is not made yet. */
const STEPS = new Int32Array(STATES * 256);
/** 1 where a string may end: at the root, or up to 7 set bits below it. */
const ENDS = padding();

/** Bytes that `length` bytes of Huffman code may decode to at the most, and one to spare. */
export function huffmanDecodedBound(length: number): number {
  return Math.floor((length * 8) / 5) + 2;
}

/**
 * Decodes the bytes from `start` to `end` into `into`, which has {@link huffmanDecodedBound} room; how many it was.
 *
 * @throws ProtocolError `COMPRESSION_ERROR` for EOS, padding longer than 7 bits, or padding that is not all ones.
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number, into: Uint8Array): number {
  let state = 0;
  let length = 0;
  for (let i = start; i < end; i++) {
    const at = (state << 8) | (bytes[i] as number);
    let step = STEPS[at] as number;
    if (step === 0) {
      makeRow(state);
      step = STEPS[at] as number;
    }
    if (step < 0) throw compressionError('EOS in a Huffman-coded string');
    // Both places are written whether there are symbols or not: cheaper than to ask.
    into[length] = step >>> 10;
    into[length + 1] = step >>> 18;
    length += (step >>> 8) & 3;
    state = step & 0xff;
  }
  if (ENDS[state] === 0) throw compressionError('the padding of a Huffman-coded string is not up to 7 set bits');
  return length;
}

/**
 * Bytes that `text` takes when Huffman-coded, or -1 when it has a code unit above 255.
 */
export function huffmanLength(text: string): number {
  let bits = 0;
  let all = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i);
    all |= byte;
    bits += CODE_LENGTHS[byte & 0xff] as number;
  }
  return all > 0xff ? -1 : (bits + 7) >>> 3;
}

/** Writes `text`, one byte a character, as Huffman code at `at`; the offset behind it. */
export function encodeHuffman(text: string, bytes: Uint8Array, at: number): number {
  let waiting = 0;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i);
    const code = CODES[symbol] as number;
    let length = CODE_LENGTHS[symbol] as number;
    if (length > MOST_BITS) {
      length -= 15;
      waiting = (waiting << length) | (code >>> 15);
      for (bits += length; bits >= 8;) bytes[at++] = waiting >>> (bits -= 8);
      length = 15;
    }
    waiting = (waiting << length) | (code & ((1 << length) - 1));
    for (bits += length; bits >= 8;) bytes[at++] = waiting >>> (bits -= 8);
  }
  if (bits > 0) bytes[at++] = (waiting << (8 - bits)) | (0xff >>> bits);
  return at;
}

function growTree(): Int16Array {
  const tree = new Int16Array(STATES * 2);
  let nodes = 1;
  for (let symbol = 0; symbol <= EOS; symbol++) {
    const code = CODES[symbol] as number;
    let node = 0;
    for (let bit = (CODE_LENGTHS[symbol] as number) - 1; bit > 0; bit--) {
      const child = node * 2 + ((code >>> bit) & 1);
      node = tree[child] ||= nodes++;
    }
    tree[node * 2 + (code & 1)] = ~symbol;
  }
  return tree;
}

function makeRow(state: number): void {
  for (let byte = 0; byte < 256; byte++) STEPS[(state << 8) | byte] = stepOf(state, byte);
}

function stepOf(state: number, byte: number): number {
  let node = state;
  let count = 0;
  let symbols = 0;
  for (let bit = 7; bit >= 0; bit--) {
    const child = TREE[node * 2 + ((byte >>> bit) & 1)] as number;
    node = Math.max(child, 0);
    if (child >= 0) continue;
    if (~child === EOS) return -1;
    symbols |= ~child << (10 + 8 * count++);
  }
  return node | (count << 8) | symbols;
}

function padding(): Uint8Array {
  const ends = new Uint8Array(STATES);
  let node = 0;
  for (let bits = 0; bits <= 7; bits++) {
    ends[node] = 1;
    node = TREE[node * 2 + 1] as number;
  }
  return ends;
}
