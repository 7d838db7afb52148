import type { OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import { UsageError } from '../core/protocol-error.js';

const encoder = new TextEncoder();

/**
 * Text and bytes as bytes: strings become UTF-8, also where a pair of surrogates is cut by a chunk border, and empty chunks
 * are dropped. Anything else is `UsageError` `INVALID_BODY_CHUNK`.
 */
export function encodeChunks(): OperatorFunction<string | Uint8Array, Uint8Array> {
  return operate((subscriber) => {
    let surrogate = ''; // the first half of a pair whose second half is in the next string
    const flush = (): void => {
      if (surrogate === '') return;
      surrogate = '';
      subscriber.next(encoder.encode('\ufffd'));
    };
    return {
      next(chunk) {
        if (typeof chunk === 'string') {
          const text = surrogate + chunk;
          const last = text.charCodeAt(text.length - 1);
          const cut = last >= 0xd800 && last < 0xdc00;
          surrogate = cut ? text.slice(-1) : '';
          const whole = cut ? text.slice(0, -1) : text;
          if (whole !== '') subscriber.next(encoder.encode(whole));
          return;
        }
        if (!(chunk instanceof Uint8Array)) {
          throw new UsageError(
            'INVALID_BODY_CHUNK',
            `a body is made of strings and Uint8Arrays, not of ${kindOf(chunk)}`,
          );
        }
        flush();
        if (chunk.length > 0 && !subscriber.closed) subscriber.next(chunk);
      },
      complete() {
        flush();
        subscriber.complete();
      },
    };
  });
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value === 'object' ? 'objects' : `${typeof value}s`;
}
