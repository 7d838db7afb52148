import type { MonoTypeOperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import { UsageError } from '../core/protocol-error.js';

/** Refuses a second subscription with `UsageError` `BODY_CONSUMED`: what the source yields once would then be missing. */
export function onlyOnce<T>(): MonoTypeOperatorFunction<T> {
  let consumed = false;
  return (source) =>
    operate<T, T>((subscriber) => {
      if (consumed) throw new UsageError('BODY_CONSUMED', 'this body can be sent only once, and it was');
      consumed = true;
      return { next: (value) => subscriber.next(value) };
    })(source);
}
