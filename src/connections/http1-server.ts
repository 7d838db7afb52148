import type { Observable } from 'rxjs';
import { ProtocolError, TimeoutError } from '../../operators/core/protocol-error.js';
import { ServerConnection } from '../../operators/http1/server-connection.js';
import type {
  ServerConnectionHooks,
  ServerConnectionOptions,
} from '../../operators/http1/server-connection-options.js';
import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import { BodyClock } from './body-clock.js';
import { SendClock } from './send-clock.js';
import type { ServedConnection, ServedSocket, ServerWait } from './served-connection.js';
import type { ResolvedServerTimeouts } from './server-timeouts.js';
import { SlowDrop } from './slow-drop.js';
import type { Deadline, Deadlines } from './timeouts.js';
import { UpgradedConnection } from './upgraded-connection.js';

export interface Http1ServerHooks {
  request(exchange: ServerExchange, server: Http1Server): void;
  refused(exchange: ServerExchange, error: unknown, server: Http1Server): void;
  timeout(error: TimeoutError, server: ServedConnection): void;
  /** Somebody other than the handler is being waited for from now on. */
  waits(server: ServedConnection): void;
  /** It has left HTTP: of its end is told as that of the other. */
  became(before: ServedConnection, after: ServedConnection): void;
  /** The connection is gone; called once. */
  closed(error: unknown, server: ServedConnection): void;
}

export interface Http1ServerOptions extends ServerConnectionOptions {
  readonly timeouts: ResolvedServerTimeouts;
  /** Bytes per second, in both directions; 0 is none. */
  readonly minRate: number;
}

type Phase = 'setup' | 'head' | 'body' | 'handler' | 'idle' | 'linger';

/** One HTTP/1 connection in the server role with its clocks: who is too slow is answered 408, or cut off. */
export class Http1Server implements ServerConnectionHooks, ServedConnection {
  readonly socket: ServedSocket;
  readonly connection: ServerConnection;
  readonly #hooks: Http1ServerHooks;
  readonly #options: Http1ServerOptions;
  readonly #deadlines: Deadlines;
  readonly #clock: Deadline;
  readonly #acceptedAt: number;
  #body: BodyClock | undefined = undefined;
  #send: SendClock | undefined = undefined;
  #halfClosed: Deadline | undefined = undefined;
  #last: Deadline | undefined = undefined;
  #phase: Phase = 'setup';
  /** Requests begun when the phase was: another one winds the clock anew. */
  #requests = 0;
  #sending = false;
  #wait: ServerWait | undefined = undefined;
  #since = 0;
  #upgraded = false;
  #drop: SlowDrop | undefined = undefined;

  constructor(socket: ServedSocket, deadlines: Deadlines, options: Http1ServerOptions, hooks: Http1ServerHooks) {
    this.socket = socket;
    this.#deadlines = deadlines;
    this.#options = options;
    this.#hooks = hooks;
    this.connection = new ServerConnection(socket, this, options);
    this.#clock = deadlines.create(() => this.#expired());
    this.#acceptedAt = deadlines.now();
  }

  open(bytes?: Observable<Uint8Array>): void {
    this.#clock.arm(this.#options.timeouts.setup);
    this.connection.open(bytes);
  }

  /** Requests on their way: begun, and not answered. */
  get active(): number {
    return this.connection.unanswered;
  }

  get held(): number {
    return this.socket.heldBytes ?? 0;
  }

  get unsent(): number {
    return this.socket.bufferedBytes ?? this.connection.unsent;
  }

  /** Who is being waited for, and since when; undefined between requests. */
  get waiting(): { readonly who: ServerWait; readonly since: number } | undefined {
    return this.#wait && { who: this.#wait, since: this.#since };
  }

  /** Answers what was begun, then closes. One that is idle may have its next request on the way: that is its last. */
  close(): void {
    if (this.#last !== undefined || this.connection.closed) return;
    this.connection.close(true);
    this.#last = this.#deadlines.create(() => this.connection.close());
    this.#last.arm(this.#options.timeouts.lastRequest);
  }

  /** Ends it now: with a reset, so that nobody takes half a response for a whole one. */
  destroy(error: unknown): void {
    const { connection } = this;
    if (connection.lingering && this.unsent === 0) connection.fail(undefined);
    else connection.abort(error, true);
  }

  /** Leaves HTTP, for an exchange whose head has said so. The connection counts until both directions have ended. */
  upgrade(exchange: ServerExchange): UpgradedConnection {
    this.#upgraded = true; // from here on, the connection's closing is not the socket's
    const after = new UpgradedConnection(this.socket, exchange.detach(), this.#hooks);
    this.#hooks.became(this, after);
    return after;
  }

  request(exchange: ServerExchange): void {
    this.#hooks.request(exchange, this);
  }

  refused(exchange: ServerExchange, error: unknown): void {
    this.#hooks.refused(exchange, error, this);
  }

  closed(error: unknown): void {
    this.#clock.disarm();
    this.#body?.stop();
    this.#send?.stop();
    this.#halfClosed?.disarm();
    this.#last?.disarm();
    this.#drop?.stop();
    this.#wait = undefined;
    if (!this.#upgraded) this.#hooks.closed(error, this);
  }

  progress(): void {
    const { connection } = this;
    const phase = this.#phaseNow();
    if (phase !== this.#phase || connection.requests !== this.#requests) this.#enter(phase);
    if (phase === 'body') this.#body?.held(connection.consumerHolds);
    else if (phase === 'linger') (this.#drop ??= new SlowDrop(this.#deadlines)).dropped();
    const sending = connection.unsent > 0;
    if (sending !== this.#sending) this.#watchSending(sending);
    if (connection.finished) this.#watchHalfClosed();
    const wait = sending ? 'socket' : this.#waitOf(phase);
    if (wait !== this.#wait) this.#waits(wait);
  }

  #phaseNow(): Phase {
    const { connection } = this;
    if (connection.lingering) return 'linger';
    const { reading } = connection;
    if (reading === 'head' || reading === 'body') return reading;
    if (connection.unanswered > 0 || connection.unsent > 0 || reading === 'nothing') return 'handler';
    return connection.requests > 0 ? 'idle' : 'setup';
  }

  #waits(wait: ServerWait | undefined): void {
    this.#wait = wait;
    if (wait === undefined) return;
    this.#since = this.#deadlines.now();
    if (wait !== 'handler') this.#hooks.waits(this);
  }

  #waitOf(phase: Phase): ServerWait | undefined {
    if (phase === 'body') return this.connection.consumerHolds ? 'consumer' : 'peer';
    if (phase === 'head') return 'peer';
    return phase === 'handler' ? 'handler' : undefined;
  }

  #enter(phase: Phase): void {
    const { timeouts } = this.#options;
    if (this.#phase === 'body') this.#body?.stop();
    this.#phase = phase;
    this.#requests = this.connection.requests;
    switch (phase) {
      case 'body':
        this.#clock.disarm();
        this.#bodyClock().start();
        break;
      case 'head':
        if (this.#requests > 0) this.#clock.arm(timeouts.head);
        else this.#clock.arm(Math.max(1, this.#acceptedAt + timeouts.head - this.#deadlines.now()));
        break;
      case 'idle':
        this.#clock.arm(timeouts.idle);
        break;
      case 'linger':
        this.#clock.arm(this.connection.unsent > 0 ? undefined : timeouts.linger);
        break;
      default:
        this.#clock.disarm();
    }
  }

  #bodyClock(): BodyClock {
    const { request, rate } = this.#options.timeouts;
    this.#body ??= new BodyClock(
      this.#deadlines,
      { request, rate, minRate: this.#options.minRate },
      () => this.connection.received,
      (phase) => this.#tooSlow(new TimeoutError(phase, this.#options.timeouts[phase])),
    );
    return this.#body;
  }

  #watchSending(sending: boolean): void {
    this.#sending = sending;
    const { minRate, timeouts } = this.#options;
    if (minRate > 0 && timeouts.rate < Infinity) {
      this.#send ??= new SendClock(
        this.#deadlines,
        minRate,
        timeouts.rate,
        () => this.connection.written - this.unsent,
        () => this.#tooSlowToRead(new TimeoutError('rate', timeouts.rate)),
      );
      if (sending) this.#send.start();
      else this.#send.stop();
    }
    if (!sending && this.#phase === 'linger') this.#clock.arm(timeouts.linger);
  }

  /** The peer may only have ended its side, or be gone: what is sent to it, and whether that comes back, tells. */
  #watchHalfClosed(): void {
    const { connection } = this;
    if (this.#halfClosed !== undefined || connection.unanswered === 0) return;
    const { written } = connection;
    this.#halfClosed = this.#deadlines.create(() => {
      if (connection.unanswered === 0 || connection.written > written) return;
      connection.fail(new ProtocolError('CONNECTION_CLOSED', 'the peer closed the connection before it was answered'));
    });
    this.#halfClosed.arm(this.#options.timeouts.halfClosed);
  }

  #expired(): void {
    const { timeouts } = this.#options;
    if (this.#phase === 'head') this.#tooSlow(new TimeoutError('head', timeouts.head));
    else if (this.#phase === 'linger') this.connection.fail(undefined);
    else if (this.#phase === 'idle') this.#cutOff(new TimeoutError('idle', timeouts.idle));
    else if (this.#phase === 'setup') this.#cutOff(new TimeoutError('setup', timeouts.setup));
  }

  #tooSlow(error: TimeoutError): void {
    this.#hooks.timeout(error, this);
    this.connection.refuse(error);
  }

  /** What the system still holds for it is dropped too. */
  #tooSlowToRead(error: TimeoutError): void {
    this.#hooks.timeout(error, this);
    this.connection.abort(error, true);
  }

  #cutOff(error: TimeoutError): void {
    this.#hooks.timeout(error, this);
    this.connection.fail(error);
  }
}
