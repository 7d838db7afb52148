import { Observable, type Subscriber } from 'rxjs';
import type { DuplexSubject } from '../core/duplex-subject.js';
import { ProtocolError, UsageError } from '../core/protocol-error.js';
import { ConnectionReport, type Http1Closed, type Http1ConnectionEvent } from './connection-report.js';
import type { DetachedSubject } from './detach.js';
import type { ShutdownDirection } from './http1-connection.js';
import { Http1Stream } from './http1-stream.js';
import type { RequestHead } from './message-decoder.js';
import type { ServerConnectionOptions } from './server-connection-options.js';
import { ServerConnection } from './server-connection.js';
import type { ServerExchange } from './server-exchange.js';
import { ServerStream, type ServerStreamHost } from './server-stream.js';

/**
 * One HTTP/1 connection in the server role, driven by hand: requests are streams of events, and each is answered on its
 * stream. No Date field, no `100 Continue`, no error response and no timeout comes by itself.
 *
 * RFC 9112.
 *
 * @example
 * ```ts
 * import { acceptHttp1 } from 'rxweir';
 * import { memoryPair } from 'rxweir/testing';
 * const [, socket] = memoryPair();
 * acceptHttp1(socket).streams$.subscribe((stream) => {
 *   stream.subscribe((event) => {
 *     if (event.type !== 'end') return;
 *     stream.next({ type: 'response', status: 200, fields: { 'content-length': '2' } });
 *     stream.next({ type: 'data', chunk: Buffer.from('ok') });
 *     stream.next({ type: 'end' });
 *   });
 * });
 * ```
 */
export class Http1ServerConnection<Info = unknown> {
  /**
   * One stream for each request, in order, before its first event; for one consumer, who starts the reading by
   * subscribing. A request that breaks a rule is a stream that fails with `ProtocolError`: its `wireCode` is the status to
   * answer with, on that stream, as the last on the connection. Completes with the connection, however that ends: see
   * `closed$`. Leaving early is {@link close}.
   */
  readonly streams$: Observable<Http1Stream<Info>>;
  /** Every event of every stream, as it is read and written; hot, and free of cost while nobody looks. */
  readonly events$: Observable<Http1ConnectionEvent>;
  /** Emits each time the last request is answered and none is being read. */
  readonly idle$: Observable<void>;
  /** Emits once, then completes, when the connection is over or has left HTTP; also to those who subscribe later. */
  readonly closed$: Observable<Http1Closed>;
  /** Names of both ends, TLS facts. */
  readonly info: Info;
  readonly #socket: DuplexSubject<Uint8Array, Uint8Array, Info>;
  readonly #connection: ServerConnection;
  readonly #report = new ConnectionReport();
  readonly #host: ServerStreamHost;
  readonly #open = new Set<ServerStream>();
  #subscriber: Subscriber<Http1Stream<Info>> | undefined;
  #claimed = false;
  #ids = 0;
  #last: ServerStream | undefined;
  #idle = true;
  #closing = false;
  /** HTTP has been left: for another protocol, or since somebody took the socket. */
  #left = false;
  #taking = false;
  #switched: DetachedSubject | undefined;

  /** @param socket belongs to the connection from now on; it is subscribed to when `streams$` is. */
  constructor(socket: DuplexSubject<Uint8Array, Uint8Array, Info>, options: ServerConnectionOptions = {}) {
    const report = this.#report;
    this.info = socket.info;
    this.events$ = report.events$;
    this.idle$ = report.idle$;
    this.closed$ = report.closed$;
    this.streams$ = new Observable((subscriber) => this.#claim(subscriber));
    this.#socket = socket;
    this.#connection = new ServerConnection(
      socket,
      {
        request: (exchange) => this.#request(exchange, exchange.request as RequestHead),
        refused: (exchange, error) => this.#refused(exchange, error),
        progress: () => this.#progress(),
        closed: (error) => this.#closed(error),
      },
      { maxRequests: Infinity, ...options },
    );
    this.#host = {
      socket,
      get observed() {
        return report.observed;
      },
      report: (direction, stream, event) => report.event(direction, stream, event),
      claimSwitched: () => this.#claimSwitched(),
      leaving: () => {
        this.#left = true;
      },
      switched: (detached) => {
        this.#switched = detached;
      },
      finished: (stream) => {
        this.#open.delete(stream);
      },
    };
  }

  get state(): 'open' | 'closing' | 'detached' | 'closed' {
    if (this.#left) return 'detached';
    if (this.#connection.closed) return 'closed';
    return this.#closing || this.#connection.lingering ? 'closing' : 'open';
  }

  /**
   * The byte stream, with what was read and not used in front. HTTP is over then: what is under way fails with
   * `SOCKET_TAKEN`. After an upgrade, do this while its event is delivered, or the stream goes on with it.
   *
   * @throws UsageError `SOCKET_TAKEN`, `CONNECTION_CLOSED`.
   */
  takeSocket(): DuplexSubject<Uint8Array, Uint8Array, Info> {
    const socket = this.#left ? this.#claimSwitched() : this.#takeLive();
    if (socket === undefined) throw new UsageError('SOCKET_TAKEN', 'the socket has another owner');
    return socket as DuplexSubject<Uint8Array, Uint8Array, Info>;
  }

  /**
   * Ends one direction, or both.
   *
   * - `write`, `both`: FIN after what was written; unfinished streams fail, and what still comes is dropped.
   * - `read`: nothing more is read. A request that is not read whole fails with `CONNECTION_CLOSED`; what has come can still
   *   be answered, then the connection ends.
   */
  shutdown(direction: ShutdownDirection = 'both'): void {
    this.#closing = true;
    if (direction === 'read' && this.#last?.unanswered) {
      this.#last.stopReading(new ProtocolError('CONNECTION_CLOSED', 'reading was shut down', { initiator: 'local' }));
    } else this.#connection.shutdown();
  }

  /** Finishes what was begun, then ends. */
  close(): void {
    this.#closing = true;
    this.#connection.close();
  }

  /** Ends at once, so that the peer sees it cut; what is under way fails with `error`. */
  abort(error?: unknown): void {
    this.#connection.abort(error, true);
  }

  #claim(subscriber: Subscriber<Http1Stream<Info>>): void {
    if (this.#claimed) {
      subscriber.error(new UsageError('ALREADY_SUBSCRIBED', 'these streams have one consumer, and it has subscribed'));
      return;
    }
    this.#claimed = true;
    this.#subscriber = subscriber;
    subscriber.add(() => {
      this.#subscriber = undefined;
      if (!this.#connection.closed) this.close();
    });
    if (this.#left) subscriber.complete();
    else this.#connection.open();
  }

  #request(exchange: ServerExchange, head: RequestHead): void {
    this.#idle = false;
    const stream = this.#emit(exchange);
    stream?.begin(head);
  }

  #refused(exchange: ServerExchange, error: unknown): void {
    this.#idle = false;
    if (this.#last?.refused) this.#last.resume(exchange);
    else this.#emit(exchange)?.refuse(error);
  }

  #emit(exchange: ServerExchange): ServerStream | undefined {
    const subscriber = this.#subscriber;
    if (subscriber === undefined) {
      this.#connection.shutdown(); // nobody will answer
      return undefined;
    }
    const stream = new ServerStream(this.#host, ++this.#ids, exchange);
    this.#last = stream;
    this.#open.add(stream);
    subscriber.next(new Http1Stream(stream, this.info));
    return stream;
  }

  #progress(): void {
    const { unanswered, reading } = this.#connection;
    const idle = unanswered === 0 && reading === 'boundary';
    if (idle === this.#idle) return;
    this.#idle = idle;
    if (idle) this.#report.idle();
  }

  #closed(error: unknown): void {
    this.#open.clear();
    this.#report.closed(error, this.#left && !this.#taking);
    const subscriber = this.#subscriber;
    this.#subscriber = undefined;
    subscriber?.complete();
  }

  #takeLive(): DuplexSubject<Uint8Array, Uint8Array> {
    const connection = this.#connection;
    if (connection.closed || connection.lingering) {
      throw new UsageError('CONNECTION_CLOSED', 'the connection is closed');
    }
    this.#left = this.#taking = true;
    if (!this.#claimed) {
      this.#report.closed(undefined, false);
      return this.#socket;
    }
    const streams = [...this.#open];
    const socket = connection.detach();
    for (const stream of streams) {
      stream.lost(new ProtocolError('SOCKET_TAKEN', 'the socket was taken out of HTTP', { initiator: 'local' }));
    }
    return socket;
  }

  #claimSwitched(): DetachedSubject | undefined {
    const socket = this.#switched;
    this.#switched = undefined;
    return socket;
  }
}
