import type { Observable } from 'rxjs';
import type { Client } from './client.js';
import { createClient } from './create-client.js';
import type { ExchangeEvent } from './exchange-event.js';
import type { RequestConfig } from './request-config.js';
import type { Response } from './response.js';

let shared: Client | undefined;

/** The client behind `request`: made at its first use, never closed, its idle connections do not keep the process alive. */
function defaultClient(): Client {
  return (shared ??= createClient());
}

type Shorthand = (url: string | URL, config?: Omit<RequestConfig, 'url' | 'method'>) => Observable<Response>;

interface RequestFunction {
  (input: string | URL | RequestConfig): Observable<Response>;
  readonly get: Shorthand;
  readonly head: Shorthand;
  readonly post: Shorthand;
  readonly put: Shorthand;
  readonly patch: Shorthand;
  readonly delete: Shorthand;
}

/**
 * A request, cold: subscribing sends it, unsubscribing before the head cancels it, `retry` sends it again. Emits one
 * response and completes at once; the body owns the rest: unsubscribing from the body cancels, finishing it frees the
 * connection.
 *
 * Errors: `TimeoutError` by phase, `NetworkError` with Node's code, `ProtocolError` (the peer broke HTTP), `UsageError`
 * (the request makes no sense; nothing was sent). RFC 9110, 9112.
 *
 * @example
 * ```ts
 * import { switchMap } from 'rxjs';
 * import { request } from 'rxweir';
 * request('http://127.0.0.1:8080/').pipe(switchMap((response) => response.body)).subscribe();
 * ```
 * @see requestEvents
 */
export const request: RequestFunction = Object.assign(
  (input: string | URL | RequestConfig): Observable<Response> => defaultClient().request(input),
  {
    get: shorthand('GET'),
    head: shorthand('HEAD'),
    post: shorthand('POST'),
    put: shorthand('PUT'),
    patch: shorthand('PATCH'),
    delete: shorthand('DELETE'),
  },
);

/** One exchange as one stream: queued, connecting, connected, upload, sent, informational, head, body, trailers, end. */
export function requestEvents(input: string | URL | RequestConfig): Observable<ExchangeEvent> {
  return defaultClient().requestEvents(input);
}

function shorthand(method: string): Shorthand {
  return (url, config) => defaultClient().request({ ...config, url, method });
}
