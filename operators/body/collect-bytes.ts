import type { OperatorFunction } from 'rxjs';
import { largeBuffer } from '../core/large-buffer.js';
import { operate } from '../core/operate.js';
import { ProtocolError } from '../core/protocol-error.js';
import { declaredLength } from './declared-length.js';

/** What a collector may gather unless told otherwise: 10 MiB. */
const MAX_BYTES = 10 * 1024 * 1024;

export interface CollectConfig {
  /** The most bytes that are gathered; default 10 MiB. `Infinity` lifts the cap. */
  readonly maxBytes?: number;
}

/** Blocks do not grow beyond this. Bytes. */
const BLOCK = 262_144;
const LARGE = 32_768;

/**
 * Gathers a whole body in one buffer of its own and emits what `finish` makes of it. The chunk that would pass `maxBytes` fails
 * with `ProtocolError` `BODY_TOO_LARGE` and is not kept; its source is let go at once. So does the first chunk of a body whose head
 * has declared more.
 *
 * Chunks are copied into blocks, and those are joined at the end: a buffer that grows would be copied again and again, the last
 * time in one go of megabytes, for a body that may never be whole.
 */
export function collectBytes<R>(
  finish: (bytes: Uint8Array) => R,
  { maxBytes = MAX_BYTES }: CollectConfig = {},
): OperatorFunction<Uint8Array, R> {
  return operate((subscriber, source) => {
    const declared = declaredLength(source);
    let blocks: Uint8Array[] = [];
    let block: Uint8Array = EMPTY;
    /** Bytes in the last block, and in all. */
    let filled = 0;
    let length = 0;
    return {
      next(chunk) {
        if (length + chunk.length > maxBytes || declared > maxBytes) {
          throw new ProtocolError('BODY_TOO_LARGE', `the body is larger than maxBytes (${maxBytes})`, {
            scope: 'message',
            limit: 'maxBytes',
            wireCode: 413,
          });
        }
        const fitting = Math.min(block.length - filled, chunk.length);
        block.set(fitting === chunk.length ? chunk : chunk.subarray(0, fitting), filled);
        filled += fitting;
        length += chunk.length;
        if (fitting === chunk.length) return;
        // Exactly what is needed for a body of one chunk, twice as much from then on.
        const rest = chunk.length - fitting;
        block = room(Math.max(rest, Math.min(length - rest, BLOCK, maxBytes - length + rest)));
        block.set(fitting === 0 ? chunk : chunk.subarray(fitting));
        filled = rest;
        blocks.push(block);
      },
      complete() {
        const bytes = blocks.length > 1 ? joined(blocks, length) : block.subarray(0, length);
        blocks = [];
        block = EMPTY;
        subscriber.next(finish(bytes));
        subscriber.complete();
      },
      finalize() {
        blocks = [];
        block = EMPTY;
      },
    };
  });
}

const EMPTY = new Uint8Array(0);

/** All but the last block are full. */
function joined(blocks: readonly Uint8Array[], length: number): Uint8Array {
  const all = room(length);
  let at = 0;
  for (const block of blocks) {
    all.set(at + block.length > length ? block.subarray(0, length - at) : block, at);
    at += block.length;
  }
  return all;
}

/** A large one is not zeroed, since all of what is handed on is written. To leave that out of a small one costs more than it saves. */
function room(length: number): Uint8Array {
  if (length < LARGE) return new Uint8Array(length);
  const { buffer } = largeBuffer(length);
  return new Uint8Array(buffer);
}
