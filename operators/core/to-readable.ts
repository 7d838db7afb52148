import { Readable, type ReadableOptions } from 'node:stream';
import type { Observable, Subscription } from 'rxjs';
import { hold, type Release } from './deliver.js';

/**
 * An Observable of bytes as a Node.js `Readable`, for `pipe`, `pipeline` and the like. It is subscribed by the first read;
 * once the stream's buffer is full, chunks are held until its consumer has made room.
 *
 * Destroying the stream unsubscribes; an error destroys it with that error.
 *
 * @param options of the stream, e.g. `highWaterMark` in bytes.
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { toReadable } from 'rxweir/operators';
 * toReadable(of(new Uint8Array([104, 105]))).pipe(process.stdout);
 * ```
 * @see fromReadable
 */
export function toReadable(
  source: Observable<Uint8Array>,
  options: Omit<ReadableOptions, 'read' | 'destroy' | 'construct'> = {},
): Readable {
  const held: Release[] = [];
  const releaseHeld = (): void => {
    for (const release of held.splice(0)) release();
  };
  let subscription: Subscription | undefined;
  const readable = new Readable({
    ...options,
    read() {
      if (subscription) releaseHeld();
      else subscription = start();
    },
    destroy(error, callback) {
      subscription?.unsubscribe();
      releaseHeld();
      callback(error);
    },
  });
  const start = (): Subscription =>
    source.subscribe({
      next(chunk) {
        if (chunk.length > 0 && !readable.push(chunk)) held.push(hold());
      },
      error(error: unknown) {
        readable.destroy(error instanceof Error ? error : new Error('the source failed', { cause: error }));
      },
      complete() {
        readable.push(null);
      },
    });
  return readable;
}
