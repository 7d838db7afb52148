import type { OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import { UsageError } from '../core/protocol-error.js';
import { bodyOf, type BodyInput } from './body-of.js';

export interface TakeUntilBytesConfig {
  /** Whether the pattern itself is emitted; default false. */
  readonly include?: boolean;
}

/**
 * Emits the bytes of a body up to the first occurrence of a pattern and completes, over bytes or over messages. Without an
 * occurrence the whole body is emitted. The rest of the body is cancelled.
 *
 * ```text
 * source                abc--de-fgh|
 * takeUntilBytes('cd')  ab---|
 * ```
 *
 * Bytes that may be the start of the pattern are kept back until that is decided: never more than its length.
 *
 * @param pattern bytes, or a string for its UTF-8.
 * @throws `UsageError` `INVALID_PATTERN` for an empty pattern.
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { takeUntilBytes, text } from 'rxweir/operators';
 * of(new TextEncoder().encode('head\r\n\r\nbody')).pipe(takeUntilBytes('\r\n\r\n'), text()).subscribe(); // 'head'
 * ```
 * @see takeBytes
 */
export function takeUntilBytes(
  pattern: string | Uint8Array,
  { include = false }: TakeUntilBytesConfig = {},
): OperatorFunction<BodyInput, Uint8Array> {
  const wanted = typeof pattern === 'string' ? new TextEncoder().encode(pattern) : pattern.slice();
  if (wanted.length === 0) throw new UsageError('INVALID_PATTERN', 'the pattern is empty');
  const fallback = fallbacks(wanted);
  return bodyOf((body) => body.pipe(takeUntil(wanted, fallback, include)));
}

function takeUntil(
  pattern: Uint8Array,
  fallback: Uint32Array,
  include: boolean,
): OperatorFunction<Uint8Array, Uint8Array> {
  return operate((subscriber) => {
    let matched = 0; // the bytes kept back are the first `matched` ones of the pattern, so they need no storage

    /** Emits what was kept back before this chunk and the chunk up to `end`, but for the last `keep` bytes of both. */
    const emit = (before: number, chunk: Uint8Array, end: number, keep: number): void => {
      const oldBytes = Math.min(before, before + end - keep);
      const newBytes = end - Math.max(0, keep);
      if (oldBytes > 0) subscriber.next(pattern.slice(0, oldBytes));
      if (newBytes > 0 && !subscriber.closed) subscriber.next(chunk.subarray(0, newBytes));
    };

    return {
      next(chunk) {
        const before = matched;
        const first = pattern[0] as number;
        let state = matched;
        for (let i = 0; i < chunk.length; i++) {
          if (state === 0) {
            i = chunk.indexOf(first, i);
            if (i < 0) break;
          }
          const byte = chunk[i];
          while (state > 0 && pattern[state] !== byte) state = fallback[state - 1] as number;
          if (pattern[state] === byte) state++;
          if (state < pattern.length) continue;
          matched = 0;
          emit(before, chunk, i + 1, include ? 0 : state);
          subscriber.complete();
          return;
        }
        matched = state;
        emit(before, chunk, chunk.length, state);
      },
      complete() {
        if (matched > 0) subscriber.next(pattern.slice(0, matched));
        subscriber.complete();
      },
    };
  });
}

/** Knuth, Morris and Pratt: per prefix, the length of its longest end that is a prefix too. */
function fallbacks(pattern: Uint8Array): Uint32Array {
  const lengths = new Uint32Array(pattern.length);
  for (let i = 1, length = 0; i < pattern.length; i++) {
    while (length > 0 && pattern[i] !== pattern[length]) length = lengths[length - 1] as number;
    if (pattern[i] === pattern[length]) length++;
    lengths[i] = length;
  }
  return lengths;
}
