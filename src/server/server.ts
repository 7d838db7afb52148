import type { Duplex } from 'node:stream';
import type { Observable } from 'rxjs';
import type { Http1Stream } from '../../operators/http1/http1-stream.js';
import type { Http2StreamSubject } from '../connections/http2-stream-subject.js';
import type { ServedSocket } from '../connections/served-connection.js';
import type { AddSocketOptions } from './added-sockets.js';
import type { ServerAddress } from './server-address.js';
import type { ServerEvent } from './server-event.js';
import type { ServerStats } from './server-stats.js';

/** A listening server. */
export interface Server {
  readonly address: ServerAddress;
  /** All of them, where it listens at several places; `address` is the first. */
  readonly addresses: readonly ServerAddress[];
  /** How many connections are open: now, and at each change. */
  readonly connections$: Observable<number>;
  /** What happens beside the answers: refusals, errors of the handler, timeouts, stalls over a second. */
  readonly events$: Observable<ServerEvent>;
  /** Now, and every second of the scheduler. */
  readonly stats$: Observable<ServerStats>;
  /** Stops accepting; connections that are open go on, new ones wait. */
  pause(): void;
  resume(): void;
  /**
   * Closes, at once also where nobody subscribes: no connection more; requests on their way are answered, with `connection: close`
   * or before GOAWAY; WebSockets are closed with 1001; idle connections end after `timeout.lastRequest`; after `grace` milliseconds
   * what is left is reset. Emits and completes when the last connection is gone.
   */
  close(options?: { readonly grace?: number }): Observable<void>;
  /**
   * Serves a connection that came another way: a socket of Node.js that was accepted or inherited, a tunnel's end, TLS over
   * your own bytes. It belongs to the server from now on.
   *
   * @param options.tls `true` expects TLS with the server's settings, settings of its own are used instead, `false` is none; unset,
   *   its first byte tells, on a server that speaks TLS. What is handshaken already stays as it is.
   */
  addSocket(socket: ServedSocket | Duplex, options?: AddSocketOptions): void;
  /**
   * Answers one exchange of a connection that is not the server's: a stream of `acceptHttp1` or `acceptHttp2`, or one that was
   * promised with `push`. The handler is asked as for any request. It counts as a connection until it is over: in
   * `connections$`, in `maxConnections` (one more is refused: 503, or REFUSED_STREAM), and `close()` waits for it. Time limits of the
   * body and the answer hold; those of the connection are for whoever runs it. A stream that is over already is let be.
   *
   * @throws `UsageError` `STREAM_IN_USE` if its events have a reader or an answer was begun; `INVALID_OPTION` for a client's stream.
   */
  addStream(stream: Http1Stream | Http2StreamSubject): void;
}
