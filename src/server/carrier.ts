/** What the exchanges of a request and its response stand on: a connection of the server's, or a stream that was handed to it. */
import type { DuplexSubject } from '../../operators/core/duplex-subject.js';
import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import type { Http2Connection } from '../../operators/http2/connection.js';
import type { Http2Plain } from './http2-plain.js';
import type { RunningHandlers } from './running-handlers.js';

interface Carrier {
  readonly socket: { readonly info: unknown };
}

export interface Http1Carrier extends Carrier {
  /** Leaves HTTP, for an exchange whose head has said so. */
  upgrade(exchange: ServerExchange): { readonly stream: DuplexSubject<Uint8Array, Uint8Array> };
}

export interface Http2Carrier extends Carrier {
  readonly connection: Http2Connection;
  readonly plain: Http2Plain;
  readonly handlers: RunningHandlers;
}
