import type { Observable } from 'rxjs';
import type { ExchangeRequest } from '../../operators/exchange/exchange-request.js';
import type { Fields } from '../../operators/http/fields.js';
import type { ByteSubject } from '../../operators/http1/detach.js';
import type { ByteDuplex } from '../sockets/byte-duplex.js';
import type { CancelEffect, ExchangeEvent } from './exchange-event.js';
import type { PreparedRequest } from './prepared-request.js';
import type { Response } from './response.js';

/** The head of a response in either version. */
export interface AnyResponseHead {
  readonly status: number;
  /** Empty over HTTP/2, which has none. */
  readonly reason: string;
  readonly version: '1.0' | '1.1' | '2';
  readonly fields: Fields;
}

/** What an exchange learns of its response, in order. */
export interface ExchangeSink {
  informational(head: AnyResponseHead): void;
  /** @param framing 0: there is no body. @param transferCoding what the data still is coded in. @param contentLength -1: not declared. */
  head(head: AnyResponseHead, framing: number, transferCoding: string, contentLength: number): void;
  data(chunk: Uint8Array): void;
  settle(): void;
  end(trailers: Fields | undefined): void;
  progress(): void;
  released(): void;
  upgraded(socket: ByteSubject): void;
  failed(error: unknown): void;
  /** Who hears of everything else, such as pushes. */
  readonly listener: ((event: ExchangeEvent) => void) | undefined;
  /** A request that follows up this one's response, or one that came with it. */
  reissue(request: ExchangeRequest): Observable<Response>;
}

/** One request on a connection. */
export interface OutboundRequest {
  /** Complete, failed or detached. */
  readonly over: boolean;
  /** Something has come back: the request reached somebody. */
  readonly answered: boolean;
  readonly consumerHolds: boolean;
  readonly unsent: number;
  data(chunk: Uint8Array): void;
  end(trailers?: Fields): void;
  cancel(): void;
}

/** A connection of the pool, in either version. */
export interface Lease {
  readonly socket: ByteDuplex;
  /** Responses completed on it. */
  readonly served: number;
  /** Bytes received that consumers have not released. */
  readonly heldBytes: number;
  /** What cancelling a request does to it. */
  readonly cancelEffect: CancelEffect;
  /** Enters a request. */
  begin(sink: ExchangeSink, request: PreparedRequest): OutboundRequest;
  /** Writes its head and, when it is all known, its body. */
  write(request: PreparedRequest, outbound: OutboundRequest, wholeBody: Uint8Array | undefined): void;
  /** Takes in the value of a `Keep-Alive` field. */
  hint(value: string): void;
  /** No further requests. */
  close(): void;
}
