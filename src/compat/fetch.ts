/**
 * `fetch` of the WHATWG on the client of rxweir.
 * @module rxweir/compat/fetch
 */
import { catchError, defer, firstValueFrom, from, map, type Observable, switchMap, tap, throwError } from 'rxjs';
import type { BodySource } from '../../operators/body/body-source.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { Client } from '../client/client.js';
import { request as defaultRequest } from '../client/request.js';
import { abortable } from './abortable.js';
import { type FetchRequest, readFetchRequest } from './fetch-request.js';
import { fetchedResponse } from './fetched-response.js';

/** Schemes that lead to no server: Node reads these itself. */
const LOCAL: ReadonlySet<string> = new Set(['data:', 'blob:']);

/**
 * A `fetch` whose requests are those of a client: its pool, proxy, cookies, time limits and TLS options. `Request`, `Response` and
 * `Headers` are Node's.
 *
 * Rejects with a `TypeError` where the standard has one; what happened is its `cause`, with a code. An aborted signal rejects, or
 * errors the body, with its reason.
 *
 * @example
 * ```ts
 * import { createClient } from 'rxweir';
 * import { createFetch } from 'rxweir/compat/fetch';
 * const fetch = createFetch(createClient({ proxy: 'environment' }));
 * const response = await fetch('http://127.0.0.1:8080/');
 * await response.text();
 * ```
 */
export function createFetch(client: Pick<Client, 'request'>): typeof globalThis.fetch {
  return function fetch(input, init) {
    return firstValueFrom(
      defer(() => {
        const read = readFetchRequest(input, init);
        if (LOCAL.has(new URL(read.request.url).protocol)) return globalThis.fetch(input, init);
        return answer(client, read);
      }),
    );
  };
}

/**
 * `fetch` as the WHATWG has it, on the default client: bodies stream both ways, and whoever reads slowly slows the sender down.
 *
 * Other than in Node: across origins only fields go along that name nobody; from https to http no redirect is followed; a
 * `manual` redirect has the type `opaqueredirect` with its status and headers; `integrity` and `dispatcher` are refused.
 *
 * @example
 * ```ts
 * import { fetch } from 'rxweir/compat/fetch';
 * const response = await fetch('http://127.0.0.1:8080/', { signal: AbortSignal.timeout(5000) });
 * await response.text();
 * ```
 * @see createFetch
 */
export const fetch: typeof globalThis.fetch = createFetch({ request: defaultRequest });

function answer(client: Pick<Client, 'request'>, { request, signal, config }: FetchRequest): Observable<Response> {
  let body: BodySource | null | undefined = request.body;
  return config.pipe(
    switchMap((known) => {
      ({ body } = known);
      return client.request(known).pipe(
        map((response) => {
          if (response.upgraded !== undefined) throw notFetch(response.upgraded);
          return fetchedResponse(response, request, response.request !== known, signal, terminated);
        }),
      );
    }),
    catchError((cause: unknown) => throwError(() => new TypeError('fetch failed', { cause }))),
    abortable(signal),
    tap({ error: (error: unknown) => letGo(body, error) }),
  );
}

/** Of two protocols, only one is answered for. */
function notFetch(upgraded: { error(error: unknown): void }): UsageError {
  const error = new UsageError('INVALID_OPTION', 'fetch does not change protocols');
  upgraded.error(error);
  return error;
}

/** A stream that was not begun to be sent is of no further use to anyone. */
function letGo(body: BodySource | null | undefined, reason: unknown): void {
  if (!(body instanceof ReadableStream) || body.locked) return;
  from(body.cancel(reason)).subscribe({ error: () => undefined });
}

function terminated(cause: unknown): TypeError {
  return new TypeError('terminated', { cause });
}
