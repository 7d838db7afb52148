import type { OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import { ProtocolError } from '../core/protocol-error.js';

/** What a collector may gather unless told otherwise: 10 MiB. */
const MAX_BYTES = 10 * 1024 * 1024;

export interface CollectConfig {
  /** The most bytes that are gathered; default 10 MiB. `Infinity` lifts the cap. */
  readonly maxBytes?: number;
}

/**
 * Gathers a whole body in one buffer of its own and emits what `finish` makes of it. The chunk that would pass `maxBytes` fails
 * with `ProtocolError` `BODY_TOO_LARGE` and is not kept; its source is let go at once.
 */
export function collectBytes<R>(
  finish: (bytes: Uint8Array) => R,
  { maxBytes = MAX_BYTES }: CollectConfig = {},
): OperatorFunction<Uint8Array, R> {
  return operate((subscriber) => {
    let buffer = EMPTY;
    let length = 0;
    return {
      next(chunk) {
        const needed = length + chunk.length;
        if (needed > maxBytes) {
          throw new ProtocolError('BODY_TOO_LARGE', `the body is larger than maxBytes (${maxBytes})`, {
            scope: 'message',
            limit: 'maxBytes',
            wireCode: 413,
          });
        }
        if (needed > buffer.length) {
          // Exactly what is needed for a body of one chunk, twice as much from then on.
          const grown = new Uint8Array(length === 0 ? needed : Math.min(Math.max(needed, 2 * length), maxBytes));
          grown.set(buffer.subarray(0, length));
          buffer = grown;
        }
        buffer.set(chunk, length);
        length = needed;
      },
      complete() {
        const bytes = buffer.subarray(0, length);
        buffer = EMPTY;
        subscriber.next(finish(bytes));
        subscriber.complete();
      },
      finalize() {
        buffer = EMPTY;
      },
    };
  });
}

const EMPTY = new Uint8Array(0);
