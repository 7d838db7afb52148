import type { TimeoutError } from '../../operators/core/protocol-error.js';
import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import type { DecodedHead } from '../../operators/http2/head-reader.js';
import type { Http2Stream } from '../../operators/http2/stream.js';
import type { ServedConnection } from '../connections/served-connection.js';
import type { StreamLimits } from '../connections/stream-watch.js';
import type { Deadlines } from '../connections/timeouts.js';
import type { Http1Carrier, Http2Carrier } from './carrier.js';
import type { RespondContext } from './respond-context.js';

/** One exchange of a connection that is not the server's. It counts as a connection, which carries nothing else. */
export interface AddedStream extends ServedConnection {
  /** In place of `open`: no handler is asked. */
  refuse(error: unknown): void;
}

/** What a stream that was handed to a server asks of it. */
export interface AddedStreamHost {
  readonly context: RespondContext;
  readonly deadlines: Deadlines;
  readonly limits: StreamLimits;
  answerHttp1(exchange: ServerExchange, carrier: Http1Carrier): void;
  answerHttp2(stream: Http2Stream, head: DecodedHead, ends: boolean, carrier: Http2Carrier): void;
  timeout(error: TimeoutError, stream: ServedConnection): void;
  closed(error: unknown, stream: ServedConnection): void;
}
