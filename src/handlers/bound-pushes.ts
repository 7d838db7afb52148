import type { MonoTypeOperatorFunction } from 'rxjs';
import { deliver, isDelivering } from '../../operators/core/deliver.js';
import { operate } from '../../operators/core/operate.js';
import { UsageError } from '../../operators/core/protocol-error.js';

/**
 * Bounds what a body pushes of its own accord ahead of a stage that defers: each chunk becomes a delivery, and is counted until it is
 * released. What comes inside a delivery passes, since that waits by itself. Fails with `UsageError` `BODY_OVERFLOW`.
 *
 * @param maxQueued bytes
 */
export function boundPushes(maxQueued: number): MonoTypeOperatorFunction<Uint8Array> {
  return operate<Uint8Array, Uint8Array>((subscriber) => {
    let queued = 0;
    const released = (chunk: Uint8Array): void => {
      queued -= chunk.length;
    };
    return {
      next(chunk) {
        if (isDelivering()) return subscriber.next(chunk);
        if (queued > 0 && queued + chunk.length > maxQueued) {
          throw new UsageError(
            'BODY_OVERFLOW',
            `the body pushed more than maxQueued (${maxQueued} bytes) ahead of the coder`,
          );
        }
        queued += chunk.length;
        deliver(subscriber, chunk, released);
      },
    };
  });
}
