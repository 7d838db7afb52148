import type { Observable } from 'rxjs';
import { deliver, hold, isDelivering, type Release } from '../core/deliver.js';
import { operate } from '../core/operate.js';
import { UsageError } from '../core/protocol-error.js';

export interface WriteBodyConfig {
  /** Bytes a pushing source may have queued; default 1 MiB. A chunk that finds the queue empty is always taken. */
  readonly maxQueued?: number;
}

/**
 * Writes a body into a sink, holding each chunk until it has gone.
 *
 * The sink is a duplex, or anything that takes a `hold` in its `next` while it is backed up. A source that emits inside a
 * delivery is held by that, so it stops by itself; one that pushes of its own accord and passes `maxQueued` fails with
 * `UsageError` `BODY_OVERFLOW`.
 *
 * @returns emits nothing; completes when the source has completed and every byte has gone; errors with the source's error.
 *   Unsubscribing stops the source and gives its credit back.
 */
export function writeBody(
  source: Observable<Uint8Array>,
  sink: { next(chunk: Uint8Array): void },
  { maxQueued = 1024 * 1024 }: WriteBodyConfig = {},
): Observable<never> {
  return source.pipe(
    operate<Uint8Array, never>((subscriber) => {
      const going = new Set<Release>();
      let queued = 0;
      let ended = false;
      const settle = (): void => {
        if (ended && queued === 0) subscriber.complete();
      };
      return {
        next(chunk) {
          const { length } = chunk;
          if (queued > 0 && queued + length > maxQueued && !isDelivering()) {
            throw new UsageError(
              'BODY_OVERFLOW',
              `the body pushed more than maxQueued (${maxQueued} bytes) ahead of the peer`,
            );
          }
          const release = hold();
          going.add(release);
          queued += length;
          deliver(sink, chunk, () => {
            queued -= length;
            going.delete(release);
            release(); // may bring the next chunk, or the end
            settle();
          });
        },
        complete() {
          ended = true;
          settle();
        },
        finalize() {
          for (const release of going) release();
          going.clear();
        },
      };
    }),
  );
}
