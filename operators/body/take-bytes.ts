import type { OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import { UsageError } from '../core/protocol-error.js';
import { bodyOf, type BodyInput } from './body-of.js';

/**
 * Emits the first `count` bytes of a body as they come and completes, over bytes or over messages. A shorter body is emitted
 * whole. The rest of the body is cancelled.
 *
 * ```text
 * source         abc--def--ghi|
 * takeBytes(5)   abc--(de|)
 * ```
 *
 * @throws `UsageError` `INVALID_COUNT` unless `count` is a whole number that is not negative.
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { bytes, takeBytes } from 'rxweir/operators';
 * of(new Uint8Array([1, 2, 3])).pipe(takeBytes(2), bytes()).subscribe((head) => head.length); // 2
 * ```
 * @see takeUntilBytes
 */
export function takeBytes(count: number): OperatorFunction<BodyInput, Uint8Array> {
  if (!(Number.isInteger(count) && count >= 0)) throw new UsageError('INVALID_COUNT', `not a count of bytes: ${count}`);
  return bodyOf((body) => body.pipe(take(count)));
}

function take(count: number): OperatorFunction<Uint8Array, Uint8Array> {
  return operate((subscriber) => {
    let left = count;
    if (left === 0) subscriber.complete();
    return {
      next(chunk) {
        const part = chunk.length > left ? chunk.subarray(0, left) : chunk;
        left -= part.length;
        subscriber.next(part);
        if (left === 0) subscriber.complete();
      },
    };
  });
}
