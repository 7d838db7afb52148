import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import type { DecodedHead } from '../../operators/http2/head-reader.js';
import type { Http2Stream } from '../../operators/http2/stream.js';
import type { Http1Server } from '../connections/http1-server.js';
import type { PlainHttp2Server } from './plain-http2-server.js';
import type { HttpServer } from './server.js';

/** Answers a request whose head has been read, in either version. */
export interface Answer {
  http1(server: HttpServer, exchange: ServerExchange, connection: Http1Server): void;
  http2(server: HttpServer, stream: Http2Stream, head: DecodedHead, ends: boolean, connection: PlainHttp2Server): void;
}
