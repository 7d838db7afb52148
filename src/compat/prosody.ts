/**
 * `http.request` of Prosody, in JavaScript: the answer comes by a callback.
 * @module rxweir/compat/prosody
 */
import { map, of, type Subscription, switchMap } from 'rxjs';
import { text } from '../../operators/body/text.js';
import type { Client } from '../client/client.js';
import { request as defaultRequest } from '../client/request.js';
import type { RequestConfig } from '../client/request-config.js';
import { parseTarget } from '../client/target.js';
import { joinedFields } from './joined-fields.js';

export interface ProsodyOptions {
  /** Default `GET`, with a body `POST`. */
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string | number>> | undefined;
  /** Sent as a form, unless the headers say otherwise. */
  readonly body?: string | undefined;
  /** TLS options of the connection. */
  readonly sslctx?: RequestConfig['tls'];
}

/** What came, in Prosody's words. */
export interface ProsodyResponse {
  readonly code: number;
  readonly httpversion: '1.0' | '1.1' | '2';
  /** Names in lower case; those that occur more than once are joined. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request under way. */
export interface ProsodyRequest {
  readonly url: string;
  /** Gives it up; its callback is not called any more. Does nothing once it was. */
  destroy(): void;
}

/**
 * Gets the body, its status, and the whole of it; where it failed the message, 0, and the error; where the URL is none `null`, 0,
 * and the error.
 */
export type ProsodyCallback = (
  body: string | null,
  code: number,
  response: ProsodyResponse | Error,
  request?: ProsodyRequest,
) => void;

type ProsodyRequestFunction = (
  url: string,
  options: ProsodyOptions | undefined | null,
  callback: ProsodyCallback,
) => [request: ProsodyRequest] | [request: null, message: 'invalid-url'];

/** {@link request} whose requests are those of a client. */
export function createRequest(client: Pick<Client, 'request'>): ProsodyRequestFunction {
  return (url, options, callback) => {
    try {
      parseTarget(url);
    } catch (error) {
      callback(null, 0, error as Error);
      return [null, 'invalid-url'];
    }
    const { method, headers, body, sslctx } = options ?? {};
    let exchange: Subscription | undefined;
    const request: ProsodyRequest = { url, destroy: () => exchange?.unsubscribe() };
    exchange = client
      .request({
        url,
        redirect: 'manual',
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: { ...(body !== undefined && FORM), ...lowerCased(headers) },
        body,
        tls: sslctx,
      })
      .pipe(
        switchMap((response) =>
          of(response).pipe(
            text(),
            map((read) => ({ code: response.status, httpversion: response.version, headers: joinedFields(response.fields), body: read })), // prettier-ignore
          ),
        ),
      )
      .subscribe({
        next: (response) => callback(response.body, response.code, response, request),
        error: (error: Error) => callback(error.message, 0, error, request),
      });
    return [request];
  };
}

/**
 * One request, as Prosody makes them: no redirect is followed, a body makes it a form that is posted, and the body that comes is
 * collected as text, up to 10 MiB.
 *
 * @returns `[request]`, or `[null, 'invalid-url']` once the callback was told.
 * @example
 * ```ts
 * import { request } from 'rxweir/compat/prosody';
 * request('http://127.0.0.1:8080/', { headers: { accept: 'text/plain' } }, (body, code) => console.log(code, body));
 * ```
 */
export const request: ProsodyRequestFunction = createRequest({ request: defaultRequest });

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

function lowerCased(headers: ProsodyOptions['headers'] = {}): Record<string, string | number> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
