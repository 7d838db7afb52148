/** String literals (RFC 7541 §5.2): a bit for Huffman, the length, the bytes. Strings hold one byte a character. */
import { truncatedBlock, type BlockCursor } from './block-cursor.js';
import { decodeHuffman, encodeHuffman, huffmanDecodedBound } from './huffman.js';
import { readInteger, writeInteger } from './integer.js';

const HUFFMAN = 0x80;
const LENGTH_MASK = 0x7f;
/** Where Huffman code is decoded to before it becomes a string; larger ones get a place of their own. Bytes. */
const SCRATCH_SIZE = 16_384;

interface Latin1 {
  readonly latin1Slice: (this: Uint8Array, start: number, end: number) => string;
  readonly latin1Write: (this: Uint8Array, text: string, at: number) => number;
}
/** Node's native ones work on every Uint8Array. */
const { latin1Slice, latin1Write } = Buffer.prototype as unknown as Latin1;
/** Below this many bytes a loop is faster than the native write. */
const SHORT = 24;

// One for the process: nothing else runs between the decoding and the string.
const scratch = new Uint8Array(SCRATCH_SIZE);

/**
 * The string at the cursor, which moves behind it and takes its decoded length; undefined, with the same effects and checks,
 * when it is longer than `most`.
 *
 * @throws ProtocolError `COMPRESSION_ERROR` when it is cut off, or its Huffman code is wrong.
 */
export function readString(cursor: BlockCursor, most: number): string | undefined {
  const { bytes } = cursor;
  const isHuffman = (bytes[cursor.at] as number) >= HUFFMAN; // the end of the block is noticed by readInteger
  const length = readInteger(cursor, LENGTH_MASK);
  const start = cursor.at;
  const end = start + length;
  if (end > bytes.length) throw truncatedBlock();
  cursor.at = end;
  if (!isHuffman) {
    cursor.length = length;
    return length > most ? undefined : latin1Slice.call(bytes, start, end);
  }
  const bound = huffmanDecodedBound(length);
  const into = bound <= SCRATCH_SIZE ? scratch : new Uint8Array(bound);
  const decoded = decodeHuffman(bytes, start, end, into);
  cursor.length = decoded;
  return decoded > most ? undefined : latin1Slice.call(into, 0, decoded);
}

/**
 * Writes `text` at `at`, in whichever form is shorter; the offset behind it.
 *
 * @param coded what `huffmanLength` says of it
 */
export function writeString(bytes: Uint8Array, at: number, text: string, coded: number): number {
  const { length } = text;
  if (coded < length) return encodeHuffman(text, bytes, writeInteger(bytes, at, HUFFMAN, LENGTH_MASK, coded));
  at = writeInteger(bytes, at, 0, LENGTH_MASK, length);
  if (length < SHORT) for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
  else latin1Write.call(bytes, text, at);
  return at + length;
}
