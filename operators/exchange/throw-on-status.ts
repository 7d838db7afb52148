import type { MonoTypeOperatorFunction, Observable } from 'rxjs';
import { captureSubscriber, operate } from '../core/operate.js';
import { ProtocolError } from '../core/protocol-error.js';
import type { Fields } from '../http/fields.js';
import { reasonPhrase } from '../http/status.js';

export interface ThrowOnStatusConfig {
  /** Statuses that are errors; default: from 400 on. */
  readonly when?: (status: number) => boolean;
  /** Bytes of the body that the error keeps; the rest is cancelled. Default 16 384. */
  readonly maxBody?: number;
}

interface StatusResponse {
  readonly status: number;
  readonly fields: Fields;
  readonly url: string;
  readonly body: Observable<Uint8Array>;
}

const MAX_BODY = 16_384;

/** A response whose status says that it went wrong. `code` is `STATUS_ERROR`. */
export class StatusError extends ProtocolError {
  readonly status: number;
  readonly fields: Fields;
  /** Without userinfo and fragment. */
  readonly url: string;
  /** The beginning of the body, as it came. */
  readonly body: Uint8Array;

  constructor({ status, fields, url }: Omit<StatusResponse, 'body'>, body: Uint8Array) {
    super('STATUS_ERROR', `${status} ${reasonPhrase(status)}`.trimEnd(), { scope: 'message' });
    this.status = status;
    this.fields = fields;
    this.url = url;
    this.body = body;
  }
}

/**
 * Makes an error of a response whose status is one: `StatusError`, with the status, the fields and the beginning of the body.
 *
 * ```text
 * source         -a|             a: 404
 * throwOnStatus  ---#            when its body was read
 * ```
 *
 * @example
 * ```ts
 * import { request } from 'rxweir';
 * import { json, throwOnStatus } from 'rxweir/operators';
 * request('http://127.0.0.1:8080/').pipe(throwOnStatus(), json()).subscribe({ error: ({ status }) => console.log(status) });
 * ```
 */
export function throwOnStatus<R extends StatusResponse>(config: ThrowOnStatusConfig = {}): MonoTypeOperatorFunction<R> {
  const { when = (status) => status >= 400, maxBody = MAX_BODY } = config;
  return operate<R, R>((subscriber) => {
    let failing = false;
    return {
      next(response) {
        if (failing) return;
        if (!when(response.status)) return subscriber.next(response);
        failing = true;
        const kept = new Uint8Array(maxBody);
        let length = 0;
        const fail = (): void => subscriber.error(new StatusError(response, kept.slice(0, length)));
        const reader = captureSubscriber<Uint8Array>({
          next(chunk) {
            const part = chunk.subarray(0, maxBody - length);
            kept.set(part, length);
            length += part.length;
            if (length === maxBody) fail();
          },
          error: fail,
          complete: fail,
        });
        subscriber.add(reader);
        response.body.subscribe(reader);
      },
      complete() {
        if (!failing) subscriber.complete();
      },
    };
  });
}
