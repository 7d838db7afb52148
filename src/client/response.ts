import { EMPTY, Observable } from 'rxjs';
import type { ExchangeRequest } from '../../operators/exchange/exchange-request.js';
import type { Fields } from '../../operators/http/fields.js';
import type { ByteSubject } from '../../operators/http1/detach.js';
import type { SocketInfo } from '../sockets/byte-duplex.js';
import type { Exchange } from './exchange.js';
import type { Informational } from './exchange-event.js';
import type { AnyResponseHead } from './lease.js';
import type { RequestConfig } from './request-config.js';

/** A response: its head, and a body that owns what is left of the exchange. */
export interface Response {
  readonly status: number;
  /** Empty over HTTP/2, which has none. */
  readonly reason: string;
  /** Where the content was decoded, without Content-Encoding and Content-Length; a transfer coding that was undone is not among them. */
  readonly fields: Fields;
  /** The content was decoded: the body is not made of the bytes that were sent, nor can it be counted in them. */
  readonly decoded: boolean;
  readonly version: '1.0' | '1.1' | '2';
  /** The URL it came from, without userinfo and fragment: behind redirects, the last one. */
  readonly url: string;
  /**
   * The body, for one subscriber, with credit: holding its chunks stops the peer. Unsubscribing before the end cancels the
   * exchange. A body that nobody subscribes to is kept up to the high-water mark and cancelled after `timeout.unclaimed`.
   */
  readonly body: Observable<Uint8Array>;
  /** Emits the trailer fields (none: an empty list) when the body has been received whole, just before the body completes. */
  readonly trailers: Observable<Fields>;
  /** Interim responses that came before. */
  readonly informational: readonly Informational[];
  /** What it answers: behind redirects, the request to `url`. */
  readonly request: RequestConfig;
  readonly connection: SocketInfo;
  /** After 101, or 2xx to a CONNECT: the byte stream, unread bytes first. */
  readonly upgraded: ByteSubject | undefined;
  /**
   * Another request by the same client, because of this response. Cold; follows no redirects. Towards another origin it has nothing
   * of what the client is configured to tell this one: no credentials, no cookies among its fields, no client certificate.
   */
  reissue(request: ExchangeRequest): Observable<Response>;
}

export class ExchangeResponse implements Response {
  readonly status: number;
  readonly reason: string;
  readonly version: '1.0' | '1.1' | '2';
  readonly fields: Fields;
  readonly decoded: boolean;
  readonly upgraded: ByteSubject | undefined;
  readonly #exchange: Exchange;

  /** @param fields what is left of those of the head */
  constructor(exchange: Exchange, head: AnyResponseHead, upgraded?: ByteSubject, fields: Fields = head.fields) {
    this.status = head.status;
    this.reason = head.reason;
    this.version = head.version;
    this.fields = fields;
    this.decoded = fields !== head.fields;
    this.upgraded = upgraded;
    this.#exchange = exchange;
  }

  get url(): string {
    return this.#exchange.request.target.url;
  }

  get body(): Observable<Uint8Array> {
    return this.upgraded ? EMPTY : this.#exchange.body.bytes;
  }

  get trailers(): Observable<Fields> {
    return this.#exchange.body.trailers;
  }

  get informational(): readonly Informational[] {
    return this.#exchange.informationals;
  }

  get request(): RequestConfig {
    return this.#exchange.request.config;
  }

  get connection(): SocketInfo {
    return this.#exchange.socketInfo;
  }

  reissue(request: ExchangeRequest): Observable<Response> {
    return this.#exchange.reissue(request);
  }
}
