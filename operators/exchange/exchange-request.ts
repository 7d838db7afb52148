/** What the operators over responses need to know of a response, so that they can ask again. */
import type { Observable } from 'rxjs';
import type { BodySource } from '../body/body-source.js';
import type { Fields, FieldsInit } from '../http/fields.js';

/** The part of a request's configuration that policies read and change. A plain object, never mutated. */
export interface ExchangeRequest {
  readonly url: string | URL;
  readonly method?: string | undefined;
  readonly headers?: FieldsInit | undefined;
  readonly body?: BodySource | undefined;
  readonly trailers?: FieldsInit | (() => FieldsInit) | undefined;
  /** Request target sent in place of the path and query. */
  readonly target?: string | undefined;
  /** Protocol asked for by `Upgrade`. */
  readonly upgrade?: string | undefined;
  readonly expectContinue?: boolean | undefined;
  readonly socketPath?: string | undefined;
  /** Client certificate, server name and the like. */
  readonly tls?: object | undefined;
}

/**
 * A response that knows how to issue a follow-up request.
 *
 * @typeParam R the response itself; `ReissuableResponse<Response>` is one that issues more of its kind.
 */
export interface ReissuableResponse<R> {
  readonly status: number;
  readonly fields: Fields;
  /** The URL it came from, without userinfo and fragment. */
  readonly url: string;
  /** For one subscriber. Unsubscribing before the end cancels the exchange, finishing it frees the connection. */
  readonly body: Observable<Uint8Array>;
  /** The content was decoded, so that the body is not made of the bytes that were sent. */
  readonly decoded?: boolean;
  /** What it answers, as it was given. */
  readonly request: ExchangeRequest;
  /**
   * Another request by the same client. Cold; emits one response and completes, and follows nothing by itself: no redirect, no
   * retry. What the client does to every single exchange (cookies, HSTS, proxies) it does to this one too.
   */
  reissue(request: ExchangeRequest): Observable<R>;
}
