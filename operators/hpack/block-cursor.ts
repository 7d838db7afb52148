import { compressionError } from './compression-error.js';

/** A place in a header block, moved by those who read. Also how a block that ends too early is noticed. */
export interface BlockCursor {
  bytes: Uint8Array;
  /** Offset of the next byte. */
  at: number;
  /** Decoded length in bytes of the string literal read last. */
  length: number;
}

const NO_BYTES = new Uint8Array(0);

export function blockCursor(bytes: Uint8Array = NO_BYTES): BlockCursor {
  return { bytes, at: 0, length: 0 };
}

/** Lets go of the block, which may be a view of something large. */
export function releaseBlock(cursor: BlockCursor): void {
  cursor.bytes = NO_BYTES;
}

export function truncatedBlock(): Error {
  return compressionError('the header block ends inside a field');
}
