import type { TimeoutError } from '../../operators/core/protocol-error.js';
import { Http1Stream } from '../../operators/http1/http1-stream.js';
import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import type { HandedExchange } from '../../operators/http1/server-stream.js';
import type { ServedSocket } from '../connections/served-connection.js';
import { StreamWatch, type WatchedStream } from '../connections/stream-watch.js';
import { UpgradedConnection } from '../connections/upgraded-connection.js';
import type { AddedStream, AddedStreamHost } from './added-stream.js';
import type { Http1Carrier } from './carrier.js';
import { refusalStatus, refuse } from './refuse.js';

/** An exchange of somebody else's HTTP/1 connection. */
export class AddedHttp1Stream implements AddedStream, Http1Carrier, WatchedStream {
  readonly active = 1;
  readonly receivable = 1;
  readonly socket: ServedSocket;
  /** Whom its connection waits for knows who runs that. */
  readonly waiting: AddedStream['waiting'];
  readonly #host: AddedStreamHost;
  readonly #handed: HandedExchange;
  readonly #exchange: ServerExchange;
  readonly #watch: StreamWatch<WatchedStream>;
  /** HTTP has been left, for this. */
  #upgraded: UpgradedConnection | undefined = undefined;
  #leaving = false;
  #over = false;

  /** What breaks a rule gets its answer here, at once. */
  static takeOver(stream: Http1Stream, host: AddedStreamHost): AddedHttp1Stream | undefined {
    let added: AddedHttp1Stream | undefined;
    const handed = Http1Stream.handOver(stream, {
      refused: (exchange, error) => refuse(host.context, exchange, exchange.connection, refusalStatus(error), error),
      over: () => added?.exchangeOver(),
    });
    if (handed !== undefined) added = new AddedHttp1Stream(handed, host);
    return added;
  }

  private constructor(handed: HandedExchange, host: AddedStreamHost) {
    this.#handed = handed;
    this.#exchange = handed.exchange;
    this.#host = host;
    this.socket = handed.exchange.connection.socket;
    this.waiting = { who: 'handler', since: host.deadlines.now() };
    this.#watch = new StreamWatch<WatchedStream>(
      host.deadlines,
      host.limits,
      () => [this],
      (_, error) => this.#tooSlow(error),
    );
  }

  get held(): number {
    return this.#exchange.read ? 0 : (this.socket.heldBytes ?? 0);
  }

  get unsent(): number {
    return this.queued;
  }

  open(): void {
    this.#watch.start();
    this.#host.answerHttp1(this.#exchange, this);
    this.#handed.begun();
  }

  refuse(error: unknown): void {
    refuse(this.#host.context, this.#exchange, this, 503, error);
    this.#handed.begun();
  }

  /** It is answered as the handler sees fit; what comes after it on its connection is not ours. */
  close(): void {}

  destroy(error: unknown): void {
    if (this.#upgraded) this.#upgraded.destroy(error);
    else this.#exchange.connection.abort(error, true); // half an answer must not pass for a whole one
  }

  upgrade(): UpgradedConnection {
    this.#leaving = true;
    this.#watch.stop();
    this.#upgraded = new UpgradedConnection(this.socket, this.#handed.upgrade(), { closed: () => this.#ended() });
    return this.#upgraded;
  }

  /** Answered, or nobody is left to answer. */
  exchangeOver(): void {
    if (!this.#leaving) this.#ended();
  }

  // -- what the clock looks at -----------------------------------------------------------------------------------------

  get tunnel(): boolean {
    return this.#leaving;
  }

  get remoteEnded(): boolean {
    return this.#exchange.read;
  }

  get received(): number {
    return this.#exchange.receivedBytes;
  }

  get queued(): number {
    return this.#exchange.hasTurn ? this.#exchange.connection.unsent : 0;
  }

  get written(): number {
    const { connection } = this.#exchange;
    return connection.written - connection.unsent;
  }

  // --------------------------------------------------------------------------------------------------------------------

  #tooSlow(error: TimeoutError): void {
    this.#host.timeout(error, this);
    const { connection } = this.#exchange;
    if (error.phase === 'stall') connection.abort(error, true);
    else connection.refuse(error);
  }

  #ended(): void {
    if (this.#over) return;
    this.#over = true;
    this.#watch.stop();
    this.#host.closed(undefined, this);
  }
}
