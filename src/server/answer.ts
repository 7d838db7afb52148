import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import type { DecodedHead } from '../../operators/http2/head-reader.js';
import type { Http2Stream } from '../../operators/http2/stream.js';
import type { Http1Carrier, Http2Carrier } from './carrier.js';
import type { HttpServer } from './http-server.js';

/** Answers a request whose head has been read, in either version. */
export interface Answer {
  http1(server: HttpServer, exchange: ServerExchange, connection: Http1Carrier): void;
  http2(server: HttpServer, stream: Http2Stream, head: DecodedHead, ends: boolean, connection: Http2Carrier): void;
}
