import type { MonoTypeOperatorFunction, Observable } from 'rxjs';
import { deliver, hold, isDelivering, type Release } from '../core/deliver.js';
import { operate } from '../core/operate.js';
import { UsageError } from '../core/protocol-error.js';
import { DEFAULT_WINDOW, SendWindow } from './flow-control.js';

export interface SendWindowConfig {
  /** Bytes that may be sent at first; 65 535 by default. */
  readonly initial?: number;
  /** Credit as it comes, in bytes; below 0 where the peer has made its windows smaller. */
  readonly increments$: Observable<number>;
  /** Bytes that may wait of chunks that came outside a delivery, and so cannot be held back. 1 MiB by default. */
  readonly maxQueued?: number;
}

interface Waiting {
  readonly chunk: Uint8Array;
  readonly release: Release;
  /** Parts of the chunk that were emitted and are not consumed, and one for what still waits. */
  pending: number;
}

/**
 * Lets bytes through as far as credit goes: chunks in, chunks out, split where credit ends and held until more comes.
 *
 * ```text
 * chunks   ab--------------cd|      two bytes each letter pair, window of 3
 * credit   -----1-----3------
 * result   a(b)-(b)--------cd|      the second byte of b waits
 * ```
 *
 * The source's credit for a chunk is held while any of it waits. The result completes when the source has and all is sent;
 * the end of `increments$` means that no more credit comes. Parts are views.
 *
 * Errors: `ProtocolError` `FLOW_CONTROL_ERROR` of scope `stream` for a window over 2^31 - 1; `UsageError` `SEND_OVERFLOW`
 * for a source that pushes over `maxQueued` bytes without waiting; errors of `increments$`.
 *
 * RFC 9113 §5.2, §6.9.
 *
 * @example
 * ```ts
 * import { of, timer, map } from 'rxjs';
 * import { sendWindow } from 'rxweir/operators';
 * of(new Uint8Array(10))
 *   .pipe(sendWindow({ initial: 4, increments$: timer(1).pipe(map(() => 6)) }))
 *   .subscribe((part) => console.log(part.length)); // 4, then 6
 * ```
 * @see receiveWindow
 */
export function sendWindow(config: SendWindowConfig): MonoTypeOperatorFunction<Uint8Array> {
  const { initial = DEFAULT_WINDOW, increments$, maxQueued = 2 ** 20 } = config;
  return operate((subscriber) => {
    const window = new SendWindow('stream', initial);
    const queue: Waiting[] = [];
    const unsettled = new Set<Waiting>();
    let offset = 0; // into the first of the queue
    let queued = 0;
    let ended = false;
    let draining = false;

    const settle = (waiting: Waiting): void => {
      if (--waiting.pending > 0) return;
      unsettled.delete(waiting);
      waiting.release();
    };
    const drain = (): void => {
      if (draining) return; // re-entered from an emission: the loop below goes on
      draining = true;
      try {
        for (let first = queue[0]; first !== undefined && !subscriber.closed; first = queue[0]) {
          const { chunk } = first;
          const taken = window.take(chunk.length - offset);
          if (taken === 0 && offset < chunk.length) break;
          emit(first, taken);
        }
      } finally {
        draining = false;
      }
      if (ended && queue.length === 0) subscriber.complete();
    };
    const emit = (waiting: Waiting, taken: number): void => {
      const { chunk } = waiting;
      const start = offset;
      offset += taken;
      queued -= taken;
      waiting.pending++;
      if (offset === chunk.length) {
        queue.shift();
        offset = 0;
        waiting.pending--;
      }
      const part = taken === chunk.length ? chunk : chunk.subarray(start, start + taken);
      deliver(subscriber, part, () => settle(waiting));
    };

    subscriber.add(
      increments$.subscribe({
        next(increment) {
          try {
            if (!Number.isInteger(increment)) throw new UsageError('INVALID_INCREMENT', `no increment: ${increment}`);
            window.increase(increment);
            drain();
          } catch (error) {
            subscriber.error(error);
          }
        },
        error: (error) => subscriber.error(error),
      }),
    );

    return {
      next(chunk) {
        queued += chunk.length;
        if (!isDelivering() && queued - Math.max(0, window.available) > maxQueued) {
          throw new UsageError(
            'SEND_OVERFLOW',
            `over ${maxQueued} bytes wait for credit, and the source does not wait`,
          );
        }
        const waiting: Waiting = { chunk, release: hold(), pending: 1 };
        unsettled.add(waiting);
        queue.push(waiting);
        drain();
      },
      complete() {
        ended = true;
        if (queue.length === 0) subscriber.complete();
      },
      finalize() {
        for (const { release } of unsettled) release();
        unsettled.clear();
        queue.length = 0;
      },
    };
  });
}
