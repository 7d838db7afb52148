import type { Observable, Subscription } from 'rxjs';
import { hold, type Release } from './deliver.js';

/**
 * An Observable as a WHATWG `ReadableStream`. By default nothing is read ahead: the first read subscribes, and a chunk is
 * held until the next read. With a `strategy`, chunks beyond its high-water mark are held.
 *
 * Cancelling the stream unsubscribes.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { toReadableStream } from 'rxweir/operators';
 * new Response(toReadableStream(of(new Uint8Array([104, 105]))));
 * ```
 * @see fromReadable
 */
export function toReadableStream<T = Uint8Array>(
  source: Observable<T>,
  strategy: QueuingStrategy<T> = { highWaterMark: 0 },
): ReadableStream<T> {
  const held: Release[] = [];
  const releaseHeld = (): void => {
    for (const release of held.splice(0)) release();
  };
  let subscription: Subscription | undefined;
  const start = (controller: ReadableStreamDefaultController<T>): Subscription =>
    source.subscribe({
      next(chunk) {
        held.push(hold()); // before it is enqueued: a second read that waits pulls from within
        controller.enqueue(chunk);
        if ((controller.desiredSize ?? 0) > 0) releaseHeld();
      },
      error(error: unknown) {
        controller.error(error);
        releaseHeld(); // nothing is pulled after the end
      },
      complete() {
        controller.close();
        releaseHeld();
      },
    });
  return new ReadableStream<T>(
    {
      // Called whenever a reader waits or there is room below the mark.
      pull(controller) {
        if (subscription) releaseHeld();
        else subscription = start(controller);
      },
      cancel() {
        subscription?.unsubscribe();
        releaseHeld();
      },
    },
    strategy,
  );
}
