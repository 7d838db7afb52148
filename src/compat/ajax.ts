/**
 * `rxjs/ajax` in Node: RxJS's own, over a client of rxweir.
 * @module rxweir/compat/ajax
 */
import { defer, map, type Observable, tap } from 'rxjs';
import { ajax as rxjsAjax, type AjaxConfig, AjaxError, type AjaxResponse } from 'rxjs/ajax';
import type { Client } from '../client/client.js';
import type { ClientConfig } from '../client/request-config.js';
import { requestEvents } from '../client/request.js';
import { ClientXhr } from './client-xhr.js';

export { AjaxError, AjaxResponse, AjaxTimeoutError } from 'rxjs/ajax';
export type { AjaxConfig, AjaxDirection, AjaxRequest } from 'rxjs/ajax';

export interface CreateAjaxConfig {
  /** The most bytes of a response that are gathered; default 10 MiB. `Infinity` lifts the cap. */
  readonly maxBytes?: number | undefined;
  /** Where the cookie named by `xsrfCookieName` is looked up; the store of the client. A cookie that is HttpOnly is not seen. */
  readonly cookies?: ClientConfig['cookies'];
}

const MAX_BYTES = 10 * 1024 * 1024;

/**
 * `ajax` of RxJS whose requests are those of a client: its pool, proxy, cookies, time limits and TLS options.
 *
 * @example
 * ```ts
 * import { createClient } from 'rxweir';
 * import { createAjax } from 'rxweir/compat/ajax';
 * const ajax = createAjax(createClient({ timeout: { head: 5000 } }));
 * ajax.getJSON('http://127.0.0.1:8080/json').subscribe(console.log);
 * ```
 */
export function createAjax(
  client: Pick<Client, 'requestEvents'>,
  { maxBytes = MAX_BYTES, cookies }: CreateAjaxConfig = {},
): typeof rxjsAjax {
  function ajax<T>(given: string | AjaxConfig): Observable<AjaxResponse<T>> {
    return defer(() => {
      const config = typeof given === 'string' ? { url: given } : withXsrfHeader(given, cookies);
      // A request of RxJS cannot be typed without the types of a browser.
      const foreign = config.crossDomain === true;
      const createXHR = (() => new ClientXhr(client, maxBytes, foreign)) as unknown as NonNullable<
        AjaxConfig['createXHR']
      >;
      return rxjsAjax<T>({ createXHR, ...config });
    }).pipe(tap({ error: tellCause }));
  }
  const shorthand =
    (method: string) =>
    <T>(url: string, headers?: Record<string, string>): Observable<AjaxResponse<T>> =>
      ajax<T>({ method, url, ...(headers && { headers }) });
  const sending =
    (method: string) =>
    <T>(url: string, body?: unknown, headers?: Record<string, string>): Observable<AjaxResponse<T>> =>
      ajax<T>({ method, url, body, ...(headers && { headers }) });
  const get = shorthand('GET');

  return Object.assign(ajax, {
    get,
    delete: shorthand('DELETE'),
    post: sending('POST'),
    put: sending('PUT'),
    patch: sending('PATCH'),
    getJSON: <T>(url: string, headers?: Record<string, string>): Observable<T> =>
      get<T>(url, headers).pipe(map(({ response }) => response)),
  }) as typeof rxjsAjax;
}

/**
 * `ajax` as `rxjs/ajax` has it, on the default client. The classes are those of RxJS; an error without a status has what
 * happened as its `cause`, with a code.
 *
 * Other than in a browser: URLs are absolute; there is no `document` type, and nothing blocks; cookies are those of the client,
 * left out where `crossDomain: true` comes without `withCredentials`; more than 10 MiB of a response fail, see {@link createAjax}.
 *
 * @example
 * ```ts
 * import { ajax } from 'rxweir/compat/ajax';
 * ajax.getJSON('http://127.0.0.1:8080/json').subscribe(console.log);
 * ```
 */
export const ajax: typeof rxjsAjax = createAjax({ requestEvents });

/** RxJS would look into `document.cookie`. */
function withXsrfHeader(config: AjaxConfig, cookies: ClientConfig['cookies']): AjaxConfig {
  const { xsrfCookieName, xsrfHeaderName, ...rest } = config;
  if (!xsrfCookieName || !xsrfHeaderName) return config;
  if (rest.crossDomain && !rest.withCredentials) return rest;
  const seen = cookies?.matching({ url: rest.url, http: false }) ?? [];
  const value = seen.find(({ name }) => name === xsrfCookieName)?.value;
  return value ? { ...rest, headers: { ...rest.headers, [xsrfHeaderName]: value } } : rest;
}

function tellCause(error: unknown): void {
  if (!(error instanceof AjaxError)) return;
  const { failure } = error.xhr as Partial<ClientXhr>;
  if (failure !== undefined) error.cause = failure;
}
