import type { Observable, OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import { UsageError } from '../core/protocol-error.js';
import { CodingLane } from './coding-lane.js';
import { coderOf, type ContentCoding } from './content-coding.js';

export interface EncodeContentConfig {
  /** How hard to try, on the coding's own scale: 0 to 9 for gzip and deflate, 0 to 11 for br, 1 to 22 for zstd. */
  readonly level?: number;
  /**
   * When what went in has to come out: `true` after each chunk, or whenever this emits. By default the coder decides, which
   * makes the fewest bytes; events and other live bodies want `true`.
   */
  readonly flush?: boolean | Observable<unknown>;
}

/**
 * Puts a content coding on a body (RFC 9110 §8.4): for an upload, or in a handler that answers what `negotiateCoding` says.
 * The message has to carry the Content-Encoding, and not the length of what was coded.
 *
 * ```text
 * source         --a---b|
 * encodeContent  -----(x|)    with flush: --x---y(z|)
 * ```
 *
 * A chunk is held until the coder has taken it in and what came out was consumed.
 *
 * @throws `UsageError` `UNKNOWN_CODING` for one this Node cannot do.
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { encodeContent } from 'rxweir/operators';
 * of(Buffer.from('hello')).pipe(encodeContent('br', { level: 9 })).subscribe((coded) => coded.length);
 * ```
 * @see decodeContent
 */
export function encodeContent(
  coding: ContentCoding,
  { level, flush = false }: EncodeContentConfig = {},
): OperatorFunction<Uint8Array, Uint8Array> {
  const coder = coderOf(coding);
  if (coder === undefined) throw new UsageError('UNKNOWN_CODING', `no encoder for ${JSON.stringify(coding)}`);
  return operate((subscriber) => {
    const lane = new CodingLane(subscriber, {
      stream: coder.encode(level),
      flush: flush === true,
      flushKind: coder.flush,
      failed: (cause) => cause,
    });
    if (typeof flush === 'object') {
      subscriber.add(flush.subscribe({ next: () => lane.flush(), error: (error) => subscriber.error(error) }));
    }
    return lane;
  });
}
