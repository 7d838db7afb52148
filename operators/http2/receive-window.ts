import type { MonoTypeOperatorFunction } from 'rxjs';
import { deliver } from '../core/deliver.js';
import { operate } from '../core/operate.js';
import { DEFAULT_WINDOW, ReceiveWindow } from './flow-control.js';

export interface ReceiveWindowConfig {
  /** Bytes the peer may send before any are consumed; 65 535 by default. */
  readonly size?: number;
  /** Called with the credit to give back, in bytes: what a WINDOW_UPDATE should carry. */
  readonly onUpdate: (increment: number) => void;
}

/**
 * Counts received bytes against a window and turns consumed ones into credit: chunks in, the same chunks out.
 *
 * ```text
 * chunks    --a--b--c-------      size 4, one byte each, held by the consumer
 * released  ---------a--b---
 * onUpdate  ------------2---      half of the window is consumed
 * ```
 *
 * Each chunk is a delivery of its own: it counts as consumed when the consumer has returned and released all its holds.
 * The source is not held: it is the window that stops the peer. After the end no credit is given back.
 *
 * Errors: `ProtocolError` `FLOW_CONTROL_ERROR` of scope `stream` for a chunk beyond the window.
 *
 * RFC 9113 §5.2, §6.9.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { receiveWindow } from 'rxweir/operators';
 * of(new Uint8Array(6), new Uint8Array(4))
 *   .pipe(receiveWindow({ size: 10, onUpdate: (increment) => console.log(increment) })) // 6
 *   .subscribe();
 * ```
 * @see sendWindow
 */
export function receiveWindow({
  size = DEFAULT_WINDOW,
  onUpdate,
}: ReceiveWindowConfig): MonoTypeOperatorFunction<Uint8Array> {
  return operate((subscriber) => {
    const window = new ReceiveWindow('stream', size);
    let over = false;
    const released = (chunk: Uint8Array): void => {
      if (over) return;
      const increment = window.release(chunk.length);
      if (increment > 0) onUpdate(increment);
    };
    return {
      next(chunk) {
        window.receive(chunk.length);
        deliver(subscriber, chunk, released);
      },
      complete() {
        over = true; // the peer will send no more
        subscriber.complete();
      },
      finalize: () => void (over = true),
    };
  });
}
