import type { Observable } from 'rxjs';
import type { DuplexSubject } from '../core/duplex-subject.js';
import { ProtocolError, UsageError } from '../core/protocol-error.js';
import { ClientConnection, type ClientConnectionState } from './client-connection.js';
import { ClientStream, type ClientStreamHost } from './client-stream.js';
import { ConnectionReport, type Http1Closed, type Http1ConnectionEvent } from './connection-report.js';
import type { DetachedSubject } from './detach.js';
import type { Http1Event } from './event.js';
import { Http1Stream } from './http1-stream.js';
import type { Http1Limits } from './limits.js';

/** Which way a connection is shut down. */
export type ShutdownDirection = 'read' | 'write' | 'both';

/**
 * One HTTP/1 connection in the client role, driven by hand: exchanges are streams of events, nothing is retried, timed or
 * added. It reads from the start, also while idle, and ends when a response says so.
 *
 * RFC 9112.
 *
 * @example
 * ```ts
 * import { connect } from 'rxweir';
 * connect('http://127.0.0.1:8080/').subscribe((connection) => {
 *   const stream = connection.openStream();
 *   stream.subscribe((event) => console.log(event.type)); // response, data, end
 *   stream.next({ type: 'request', method: 'GET', target: '/', fields: { host: '127.0.0.1:8080' } });
 *   stream.complete();
 * });
 * ```
 */
export class Http1Connection<Info = unknown> {
  /** Every event of every stream, as it is read and written; hot, and free of cost while nobody looks. */
  readonly events$: Observable<Http1ConnectionEvent>;
  /** Emits each time the last exchange is over and none is waiting. */
  readonly idle$: Observable<void>;
  /** Emits once, then completes, when the connection is over or has left HTTP; also to those who subscribe later. */
  readonly closed$: Observable<Http1Closed>;
  /** Names of both ends, TLS facts. */
  readonly info: Info;
  readonly #socket: DuplexSubject<Uint8Array, Uint8Array, Info>;
  readonly #connection: ClientConnection;
  readonly #report = new ConnectionReport();
  readonly #host: ClientStreamHost;
  readonly #waiting: ClientStream[] = [];
  /** The last stream to write. */
  #writer: ClientStream | undefined;
  #streams = 0;
  #advancing = false;
  #ending = false;
  #idle = false;
  /** The end of the connection, to be told of once the last response has been. */
  #end: Http1Closed | undefined;
  #deaf = false;
  #taking = false;
  #switched: DetachedSubject | undefined;

  /** @param socket belongs to the connection from now on, and is subscribed to. */
  constructor(socket: DuplexSubject<Uint8Array, Uint8Array, Info>, limits?: Partial<Http1Limits>) {
    const report = this.#report;
    this.info = socket.info;
    this.events$ = report.events$;
    this.idle$ = report.idle$;
    this.closed$ = report.closed$;
    this.#socket = socket;
    const connection = new ClientConnection(
      socket,
      { available: () => this.#available(), closed: (error) => this.#closed(error) },
      limits,
    );
    this.#connection = connection;
    this.#host = {
      socket,
      connection,
      get observed() {
        return report.observed;
      },
      report: (direction, stream, event: Http1Event) => report.event(direction, stream, event),
      claimSwitched: () => this.#claimSwitched(),
      enqueue: (stream) => this.#enqueue(stream),
      forget: (stream) => this.#forget(stream),
      advance: () => this.#advance(),
      ending: () => {
        this.#ending = true;
      },
      ended: () => this.#ended(),
      switched: (detached) => {
        this.#switched = detached;
      },
    };
    connection.open();
  }

  get state(): ClientConnectionState {
    return this.#connection.state;
  }

  /** No exchange is under way or waiting, and another may begin. */
  get idle(): boolean {
    return this.#connection.idle && this.#waiting.length === 0;
  }

  /**
   * A stream for one exchange. It takes its place on the connection with its first event, behind the requests then being
   * written (pipelining); behind an upgrade or CONNECT, once that is refused. Where no request can be sent any more it
   * fails with `ProtocolError` `CONNECTION_CLOSED`.
   */
  openStream(): Http1Stream<Info> {
    const stream = new ClientStream(this.#host, ++this.#streams);
    if (this.state !== 'open') stream.fail(connectionClosed('the connection takes no more requests'));
    return new Http1Stream(stream, this.info);
  }

  /**
   * The byte stream, with what was read and not used in front. HTTP is over then: what is under way fails with
   * `SOCKET_TAKEN`. After an upgrade, do this while its event is delivered, or the stream goes on with it.
   *
   * @throws UsageError `SOCKET_TAKEN`, `CONNECTION_CLOSED`.
   */
  takeSocket(): DuplexSubject<Uint8Array, Uint8Array, Info> {
    const { state } = this.#connection;
    this.#taking = true;
    const socket =
      state === 'open' || state === 'closing' ? this.#connection.release(socketTaken()) : this.#claimSwitched();
    if (socket !== undefined) return socket as DuplexSubject<Uint8Array, Uint8Array, Info>;
    if (state === 'closed') throw new UsageError('CONNECTION_CLOSED', 'the connection is closed');
    throw new UsageError('SOCKET_TAKEN', 'the socket has another owner');
  }

  /**
   * Ends one direction, or both.
   *
   * - `write`: FIN after what was written. A request that is not written whole stays so; waiting ones fail.
   * - `read`: responses under way fail with `CONNECTION_CLOSED`, what still comes is dropped; requests may be finished.
   */
  shutdown(direction: ShutdownDirection = 'both'): void {
    if (this.#connection.closed) return;
    if (direction !== 'write') {
      this.#deaf = true;
      this.#connection.deafen(connectionClosed('reading was shut down'));
    }
    if (direction === 'read') return;
    this.#failWaiting();
    this.#writer?.stopSending(connectionClosed('writing was shut down'));
    this.#socket.complete();
    this.#connection.close();
  }

  /** No further request; ends when what is under way is answered. */
  close(): void {
    if (this.#deaf) this.abort();
    else this.#connection.close();
  }

  /** Ends at once; what is under way fails with `error`. */
  abort(error?: unknown): void {
    this.#connection.fail(error);
  }

  #enqueue(stream: ClientStream): void {
    if (!this.#waiting.includes(stream)) this.#waiting.push(stream);
    this.#advance();
  }

  #forget(stream: ClientStream): void {
    const at = this.#waiting.indexOf(stream);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    while (this.#waiting.length > 0 && this.state === 'open' && this.#writer?.blocking !== true) {
      const stream = this.#waiting.shift() as ClientStream;
      this.#writer = stream;
      stream.turn();
    }
    this.#advancing = false;
    if (this.state !== 'open') this.#failWaiting();
  }

  #available(): void {
    this.#advance();
    if (!this.idle) return;
    if (this.#ending) this.#idle = true;
    else this.#report.idle();
  }

  /** The consumer has seen the end, and may have begun another exchange on it. */
  #ended(): void {
    this.#ending = false;
    const wasIdle = this.#idle;
    this.#idle = false;
    if (wasIdle && this.idle) this.#report.idle();
    if (this.#end) this.#report.closed(this.#end.error, false);
  }

  #closed(error: unknown): void {
    if (this.#ending) this.#end = { error };
    else this.#report.closed(error, this.state === 'detached' && !this.#taking);
    this.#failWaiting();
  }

  #failWaiting(): void {
    for (const stream of this.#waiting.splice(0))
      stream.fail(connectionClosed('the connection takes no more requests'));
  }

  #claimSwitched(): DetachedSubject | undefined {
    const socket = this.#switched;
    this.#switched = undefined;
    return socket;
  }
}

function connectionClosed(message: string): ProtocolError {
  return new ProtocolError('CONNECTION_CLOSED', message, { initiator: 'local' });
}

function socketTaken(): ProtocolError {
  return new ProtocolError('SOCKET_TAKEN', 'the socket was taken out of HTTP', { initiator: 'local' });
}
