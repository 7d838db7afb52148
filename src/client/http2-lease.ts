import { ProtocolError, TimeoutError } from '../../operators/core/protocol-error.js';
import type { ByteSubject } from '../../operators/http1/detach.js';
import { Http2Connection } from '../../operators/http2/connection.js';
import type { ConnectionHooks } from '../../operators/http2/connection-hooks.js';
import type { Http2Limits } from '../../operators/http2/connection-options.js';
import { Http2ErrorCode } from '../../operators/http2/error-code.js';
import type { DecodedHead } from '../../operators/http2/head-reader.js';
import type { RequestControl } from '../../operators/http2/request-rules.js';
import type { Settings } from '../../operators/http2/settings.js';
import type { Http2Stream, StreamSink } from '../../operators/http2/stream.js';
import { Http2Pings } from '../connections/http2-pings.js';
import type { Deadline, Deadlines } from '../connections/timeouts.js';
import type { ByteDuplex } from '../sockets/byte-duplex.js';
import { Http2Exchange, noExtendedConnect } from './http2-exchange.js';
import type { Http2RequestHead } from './http2-head.js';
import type { ExchangeSink, Lease, OutboundRequest } from './lease.js';
import type { PreparedRequest } from './prepared-request.js';
import { receivePush } from './pushed-response.js';
import type { Target } from './target.js';

export interface Http2LeaseHooks {
  readonly target: Target;
  /** It may take another request. */
  spare(lease: Http2Lease): void;
  /** It takes no further ones; those on it go on. */
  draining(lease: Http2Lease): void;
  removed(lease: Http2Lease): void;
}

/** What is special to HTTP/2 in a client. */
export interface Http2ClientOptions {
  readonly limits: Partial<Http2Limits>;
  readonly settings: Partial<Settings>;
  /** Upgrade from HTTP/1 is tried. */
  readonly h2c: boolean;
  /** Milliseconds between PINGs while there are streams; 0 is none. */
  readonly pingInterval: number;
  /** Milliseconds in which a PING, or our SETTINGS, are to be acknowledged. */
  readonly pingTimeout: number;
}

/** Streams begun before the server has said how many it takes. */
const UNTOLD_STREAMS = 100;
/** How long a server is given to close its side. Milliseconds. */
const LINGER = 1000;

/** Takes the answer to the request that asked for the upgrade. */
const UNHEARD: StreamSink = {
  informational: () => undefined,
  response: () => undefined,
  next: () => undefined,
  ended: () => undefined,
  released: () => undefined,
  sent: () => undefined,
  failed: () => undefined,
};

/** An HTTP/2 connection with its place in the pool: many requests at a time. */
export class Http2Lease implements Lease, ConnectionHooks {
  readonly connection: Http2Connection;
  readonly socket: ByteDuplex;
  readonly cancelEffect = 'stream-reset';
  /** Closes it when it has been idle too long, or has ended its side. */
  readonly expiry: Deadline;
  /** Idle and not keeping the process alive. */
  resting = false;
  served = 0;
  readonly #hooks: Http2LeaseHooks;
  readonly #options: Http2ClientOptions;
  /** For the acknowledgement of our SETTINGS. */
  readonly #settled: Deadline;
  readonly #pings: Http2Pings;
  readonly #exchanges = new WeakMap<Http2Stream, Http2Exchange>();
  /** Requests for an extended CONNECT that wait for the server's SETTINGS. */
  readonly #untold: { readonly request: PreparedRequest; readonly exchange: Http2Exchange }[] = [];
  #block: Uint8Array | undefined = undefined;
  #blockOf: Http2RequestHead | undefined = undefined;
  #tableChanges = -1;

  /** @param upgraded what carries it in place of the socket, after an upgrade from HTTP/1 */
  constructor(
    hooks: Http2LeaseHooks,
    socket: ByteDuplex,
    deadlines: Deadlines,
    options: Http2ClientOptions,
    upgraded?: ByteSubject,
  ) {
    this.#hooks = hooks;
    this.#options = options;
    this.socket = socket;
    const { limits, settings } = options;
    this.connection = new Http2Connection(upgraded ?? socket, this, {
      role: 'client',
      limits,
      settings,
      now: () => deadlines.now(),
      upgraded: upgraded !== undefined,
    });
    if (upgraded !== undefined) this.connection.lanes.upgradedRequest(UNHEARD);
    this.expiry = deadlines.create(() => this.#expired());
    this.#settled = deadlines.create(() => this.#unsettled());
    this.#pings = new Http2Pings(
      deadlines,
      options,
      (answered) => this.connection.ping(answered),
      () => this.connection.destroy(new TimeoutError('ping', options.pingTimeout)),
    );
  }

  open(): void {
    this.connection.open();
    this.#settled.arm(this.#options.pingTimeout);
  }

  /** It takes another request now. */
  get spare(): boolean {
    const { connection } = this;
    if (!connection.mayOpen) return false;
    return connection.lanes.settings.heard || connection.lanes.streams.local < UNTOLD_STREAMS;
  }

  get idle(): boolean {
    return this.connection.state === 'open' && this.connection.lanes.streams.size === 0 && this.#untold.length === 0;
  }

  get heldBytes(): number {
    return this.connection.lanes.credit.held;
  }

  begin(sink: ExchangeSink, request: PreparedRequest): OutboundRequest {
    return new Http2Exchange(this.connection, sink, request.http2Head, () => this.served++);
  }

  write(request: PreparedRequest, outbound: OutboundRequest, whole: Uint8Array | undefined): void {
    const exchange = outbound as Http2Exchange;
    const { http2Head, config, plan } = request;
    const { lanes } = this.connection;
    if (http2Head.extendedConnect && !lanes.settings.heard) {
      this.#untold.push({ request, exchange });
      return;
    }
    if (http2Head.extendedConnect && !lanes.settings.remote.enableConnectProtocol) throw noExtendedConnect();
    const ends = (plan === undefined || whole?.length === 0) && http2Head.method !== 'CONNECT';
    const stream = lanes.requestBlock(exchange, this.#blockFor(http2Head), ends);
    exchange.begun(stream, config);
    if (sinkWantsPushes(exchange)) this.#exchanges.set(stream, exchange);
    this.#pings.busy(true);
    if (!ends && whole !== undefined) {
      exchange.data(whole);
      exchange.end();
    }
  }

  hint(): void {}

  /** Whoever was given it may have done nothing with it. */
  unused(): void {
    if (this.idle) this.#hooks.spare(this);
  }

  close(): void {
    this.connection.close();
  }

  // -- the connection's side -------------------------------------------------------------------------------------------

  requested(): void {}

  refused(): void {}

  pushed(parent: Http2Stream, promised: Http2Stream, head: DecodedHead): void {
    const { target } = this.#hooks;
    const { scheme, authority } = head.request as RequestControl;
    if (authority !== target.authority || scheme !== (target.secure ? 'https' : 'http')) {
      return promised.reset(Http2ErrorCode.PROTOCOL_ERROR); // it speaks for others (RFC 9113 §8.4)
    }
    const sink = this.#exchanges.get(parent)?.sink;
    if (sink?.listener === undefined) promised.reset(Http2ErrorCode.CANCEL);
    else receivePush(sink, promised, head, this.socket.info);
  }

  available(): void {
    this.progress();
    this.#pings.busy(this.connection.lanes.streams.size > 0);
    if (this.#untold.length > 0) this.#writeUntold();
    this.#hooks.spare(this);
  }

  draining(): void {
    this.#hooks.draining(this);
  }

  progress(): void {
    if (this.#settled.armed && this.connection.lanes.settings.pending === 0) this.#settled.disarm();
  }

  failed(): void {
    this.#stop();
    this.#hooks.draining(this);
    this.expiry.arm(LINGER);
    this.socket.unref();
  }

  closed(error: unknown): void {
    this.#stop();
    this.expiry.disarm();
    for (const { exchange } of this.#untold.splice(0)) exchange.failed(error ?? gone());
    this.#hooks.removed(this);
  }

  // --------------------------------------------------------------------------------------------------------------------

  /** The header block, again where the same head was sent last and HPACK's table has not moved. */
  #blockFor(head: Http2RequestHead): Uint8Array {
    const { sender } = this.connection.lanes;
    const { encoder } = sender;
    if (this.#blockOf === head && this.#tableChanges === encoder.tableChanges) return this.#block as Uint8Array;
    const before = encoder.tableChanges;
    const block = sender.encode(head.fields, head.pseudo);
    this.#tableChanges = encoder.tableChanges;
    this.#blockOf = this.#tableChanges === before ? head : undefined;
    this.#block = block;
    return block;
  }

  /** The server has said whether it allows extended CONNECT (RFC 8441 §3). */
  #writeUntold(): void {
    for (const { request, exchange } of this.#untold.splice(0)) {
      if (exchange.over) continue;
      try {
        this.write(request, exchange, undefined);
      } catch (error) {
        exchange.failed(error);
      }
    }
  }

  #unsettled(): void {
    const cause = new TimeoutError('settings', this.#options.pingTimeout);
    this.connection.fail(
      new ProtocolError('SETTINGS_TIMEOUT', cause.message, { wireCode: Http2ErrorCode.SETTINGS_TIMEOUT, cause }),
    );
  }

  #expired(): void {
    if (this.connection.state === 'lingering') this.connection.destroy(undefined);
    else this.connection.close();
  }

  #stop(): void {
    this.#settled.disarm();
    this.#pings.stop();
  }
}

function gone(): ProtocolError {
  return new ProtocolError('CONNECTION_CLOSED', 'the server closed the connection');
}

function sinkWantsPushes({ sink }: Http2Exchange): boolean {
  return sink.listener !== undefined;
}
