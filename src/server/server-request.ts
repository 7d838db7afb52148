import type { Observable } from 'rxjs';
import type { Fields, FieldsInit } from '../../operators/http/fields.js';
import type { Address, SocketInfo, TlsInfo } from '../sockets/byte-duplex.js';
import type { HandlerResult, ServerResponse } from './server-response.js';

/** A request that a server makes up for its client: a GET, or a HEAD. */
export interface PushedRequest {
  readonly path: string;
  readonly method?: 'GET' | 'HEAD' | undefined;
  readonly fields?: FieldsInit | undefined;
}

/** A request as a server sees it. */
export interface ServerRequest {
  /** Counts the requests of this server, from 1. */
  readonly id: number;
  readonly method: string;
  /** The request target as it was sent. */
  readonly target: string;
  /** Path and query; `*` for `OPTIONS *`, empty for CONNECT. */
  readonly path: string;
  /** The effective request URI (RFC 9110 §7.1). Throws `ProtocolError` `BAD_HOST` (400) where that is none. */
  readonly url: URL;
  /** `host[:port]` the request is for: of an absolute target, else of Host; empty if HTTP/1.0 says neither. */
  readonly authority: string;
  /** By the connection, not by what the request claims. */
  readonly scheme: 'http' | 'https';
  /** What the request claims: `:scheme` of HTTP/2, or that of an absolute target; undefined if neither. A proxy goes by it. */
  readonly claimedScheme: string | undefined;
  readonly fields: Fields;
  readonly version: '1.0' | '1.1' | '2';
  /**
   * The body, for one subscriber, with credit: holding its chunks stops the client. A client that waits for
   * `100 Continue` is told so by the subscription. A body nobody reads is dropped when the request is answered; one longer
   * than 64 KiB closes the connection; over HTTP/2 it is reset.
   */
  readonly body: Observable<Uint8Array>;
  /** Bytes of the body that have come so far, before a transfer coding is undone. */
  readonly received: number;
  /** Emits the trailer fields (none: an empty list) when the body has been received whole, just before the body completes. */
  readonly trailers: Observable<Fields>;
  readonly remote: Address;
  readonly local: Address;
  readonly tls: TlsInfo | undefined;
  readonly connection: SocketInfo;
  /**
   * Protocols the client would switch to, or the empty string: from `Upgrade`, or over HTTP/2 the one of an extended
   * CONNECT. Answer with `upgraded` to do so.
   */
  readonly upgrade: string;
  /** Emits once and completes when the client has gone, or the connection failed, before it was answered; else completes. */
  readonly cancelled$: Observable<void>;
  /**
   * Promises a response to a request that the client will make (RFC 9113 §8.4); whether it takes it. HTTP/1 has no such
   * thing, and clients of HTTP/2 seldom allow it. Call it before the response that refers to it.
   */
  push(request: PushedRequest, response: ServerResponse): boolean;
  /** Method and target, for people. */
  toString(): string;
}

/** A request that is answered through itself; see `listen`. */
export interface AnswerableRequest extends ServerRequest {
  /**
   * Cold: subscribing answers, and it completes when the response was written. A request is answered once: a second answer
   * fails with `UsageError` `RESPONSE_TWICE`. Fails with what kept the response from being written whole.
   */
  respond(response: HandlerResult): Observable<void>;
}
