/**
 * Integers with a prefix (RFC 7541 §5.1).
 *
 * `mask` is the prefix with all its bits set: 2^N − 1. A value below it stands in the prefix, a larger one in further
 * bytes of 7 bits, the least significant first. Five bytes and 2^28 − 1 are the most that is read.
 */
import { truncatedBlock, type BlockCursor } from './block-cursor.js';
import { compressionError } from './compression-error.js';

export const MAX_INTEGER = 2 ** 28 - 1;
/** Seven bits each in four bytes behind the prefix. */
const LAST_SHIFT = 21;

/**
 * The integer at the cursor, which moves behind it.
 *
 * @throws ProtocolError `COMPRESSION_ERROR` when it is longer than five bytes, larger than 2^28 − 1, or cut off.
 */
export function readInteger(cursor: BlockCursor, mask: number): number {
  const { bytes } = cursor;
  const first = bytes[cursor.at];
  if (first === undefined) throw truncatedBlock();
  cursor.at++;
  const prefix = first & mask;
  if (prefix < mask) return prefix;
  let value = mask;
  for (let shift = 0; shift <= LAST_SHIFT; shift += 7) {
    const byte = bytes[cursor.at];
    if (byte === undefined) throw truncatedBlock();
    cursor.at++;
    value += (byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    if (value > MAX_INTEGER) throw compressionError('an integer of the header block is 2^28 or more');
    return value;
  }
  throw compressionError('an integer of the header block is longer than five bytes');
}

/** Writes `value` at `at`, with `flags` in the bits before the prefix; the offset behind it. */
export function writeInteger(bytes: Uint8Array, at: number, flags: number, mask: number, value: number): number {
  if (value < mask) {
    bytes[at] = flags | value;
    return at + 1;
  }
  bytes[at++] = flags | mask;
  for (let rest = value - mask; ; rest >>>= 7) {
    if (rest < 0x80) {
      bytes[at] = rest;
      return at + 1;
    }
    bytes[at++] = (rest & 0x7f) | 0x80;
  }
}
