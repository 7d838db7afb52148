import type { Observable, OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import { isDigits } from '../http/field-syntax.js';
import type { Fields } from '../http/fields.js';
import { bodyOf, type BodyInput } from './body-of.js';

/** How far a body has come. */
export interface Progress {
  /** Bytes so far, this chunk included. */
  readonly bytes: number;
  /** Bytes in all, by the content-length field of the message, if it has one. */
  readonly total: number | undefined;
}

/**
 * Passes the chunks of a body on and tells a listener about each, over bytes or over messages. A chunk is told before it is
 * emitted; put this after a stage that holds to count what has been dealt with.
 *
 * ```text
 * source    a--b--|
 * progress  a--b--|    listener: { bytes: 1 } at a, { bytes: 2 } at b
 * ```
 *
 * @param listener a function or an observer; a throw ends the body with that error.
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { progress } from 'rxweir/operators';
 * of(new Uint8Array(3)).pipe(progress(({ bytes, total }) => total && bytes / total)).subscribe();
 * ```
 */
export function progress(
  listener: ((progress: Progress) => void) | { next(progress: Progress): void },
): OperatorFunction<BodyInput, Uint8Array> {
  const tell = typeof listener === 'function' ? listener : (progress: Progress) => listener.next(progress);
  return bodyOf((body, fields) => body.pipe(counted(tell, contentLength(fields))));
}

function counted(
  tell: (progress: Progress) => void,
  total: number | undefined,
): (body: Observable<Uint8Array>) => Observable<Uint8Array> {
  return operate<Uint8Array, Uint8Array>((subscriber) => {
    let bytes = 0;
    return {
      next(chunk) {
        bytes += chunk.length;
        tell({ bytes, total });
        subscriber.next(chunk);
      },
    };
  });
}

/** A decimal content-length, else undefined: it is only for show here, framing has its own reader. */
function contentLength(fields: Fields | undefined): number | undefined {
  const value = fields?.get('content-length');
  return value !== undefined && isDigits(value) ? Number(value) : undefined;
}
