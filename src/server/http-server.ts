import type { Duplex } from 'node:stream';
import { BehaviorSubject, map, type Observable, ReplaySubject, type Subscription, takeUntil, timer } from 'rxjs';
import { NetworkError, type ProtocolError, TimeoutError } from '../../operators/core/protocol-error.js';
import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import type { DecodedHead } from '../../operators/http2/head-reader.js';
import type { Http1Stream } from '../../operators/http1/http1-stream.js';
import type { Http2Stream } from '../../operators/http2/stream.js';
import type { Http2StreamSubject } from '../connections/http2-stream-subject.js';
import { Http1Server, type Http1ServerHooks } from '../connections/http1-server.js';
import type { Http2Server, Http2ServerHooks } from '../connections/http2-server.js';
import { Negotiation, type NegotiationHooks } from '../connections/negotiate.js';
import type { ServedConnection, ServedSocket } from '../connections/served-connection.js';
import type { StreamLimits } from '../connections/stream-watch.js';
import { Deadlines } from '../connections/timeouts.js';
import { goingAway } from '../connections/web-socket-going-away.js';
import { infoOf } from '../sockets/socket-info.js';
import type { AddSocketOptions } from './added-sockets.js';
import type { AddedStreamHost } from './added-stream.js';
import { announce } from './announce.js';
import type { Answer } from './answer.js';
import type { Http1Carrier, Http2Carrier } from './carrier.js';
import { contained } from './contained.js';
import { DateLine } from './date-line.js';
import { Incoming } from './incoming.js';
import { h2cUpgrade, type H2cUpgrade } from './h2c-upgrade.js';
import { PlainHead } from './plain-head.js';
import { PlainHttp2Server } from './plain-http2-server.js';
import { randomBoundary } from '../connections/random-boundary.js';
import type { OpenedListeners } from './open-listeners.js';
import { misdirectedStream } from './misdirected.js';
import { refusalStatus, refuse, refuseStream } from './refuse.js';
import { reportStalls } from './report-stalls.js';
import { refusedOutright } from './respond.js';
import type { RespondContext } from './respond-context.js';
import { resolveGrace, type ResolvedServeConfig } from './serve-config.js';
import type { Server } from './server.js';
import type { ServerAddress } from './server-address.js';
import type { ServerEvent } from './server-event.js';
import { ServerEvents } from './server-events.js';
import { takeOverStream } from './take-over-stream.js';
import { snapshot, type ServerStats } from './server-stats.js';

/** A {@link Server}: what listens, and the connections it serves. */
export class HttpServer implements Server, Http1ServerHooks, Http2ServerHooks, NegotiationHooks, AddedStreamHost {
  readonly address: ServerAddress;
  readonly addresses: readonly ServerAddress[];
  readonly connections$: Observable<number>;
  readonly events$: Observable<ServerEvent>;
  readonly stats$: Observable<ServerStats>;
  readonly context: RespondContext;
  readonly deadlines: Deadlines;
  readonly limits: StreamLimits;
  readonly #config: ResolvedServeConfig;
  readonly #opened: OpenedListeners;
  readonly #incoming: Incoming;
  readonly #events: ServerEvents;
  readonly #answer: Answer;
  readonly #open = new Set<ServedConnection>();
  readonly #count = new BehaviorSubject(0);
  readonly #closed = new ReplaySubject<void>(1);
  #requests = 0;
  #closing = false;
  #over = false;
  #grace: Subscription | undefined = undefined;

  constructor(config: ResolvedServeConfig, opened: OpenedListeners, answer: Answer) {
    const { scheduler } = config;
    this.#config = config;
    this.#opened = opened;
    this.deadlines = new Deadlines(scheduler);
    this.#events = new ServerEvents(scheduler, (before) =>
      reportStalls(this.#open, this.#events, before, scheduler.now()),
    );
    this.addresses = opened.addresses;
    this.address = opened.addresses[0] as ServerAddress;
    this.#incoming = new Incoming(config, opened, {
      ready: (socket) => this.#serve(socket),
      failed: (error) => this.#listenerFailed(error),
      over: () => this.#checkClosed(),
      broken: () => void this.close(),
    });
    this.connections$ = contained(this.#count);
    this.events$ = this.#events.events$;
    this.stats$ = contained(
      timer(0, 1000, scheduler).pipe(
        map(() => snapshot(this.#open, this.#requests, scheduler.now())),
        takeUntil(this.#closed),
      ),
    );
    this.context = {
      date: new DateLine(this.deadlines, config.date),
      plainHead: new PlainHead(),
      events: this.#events,
      transferCoding: config.transferCoding,
      maxQueued: config.maxQueued,
      boundary: randomBoundary,
    };
    this.#answer = answer;
    this.limits = { ...config.http2.timeouts, minRate: config.http2.minRate };
  }

  /** Emits and completes when the last connection is gone. */
  get closed$(): Observable<void> {
    return this.#closed;
  }

  /** The number of the request that is being begun. */
  get requests(): number {
    return this.#requests;
  }

  start(): void {
    if (this.#closing) return; // who got the server has closed it at once
    this.#incoming.start();
    announce(this.#opened, this.#events);
  }

  pause(): void {
    this.#incoming.pause();
  }

  resume(): void {
    this.#incoming.resume();
  }

  close({ grace }: { readonly grace?: number } = {}): Observable<void> {
    const milliseconds = resolveGrace(grace) ?? this.#config.grace;
    if (!this.#closing) {
      this.#closing = true;
      this.#incoming.close(this.#config.connection.timeouts.lastRequest);
      for (const server of this.#open) {
        goingAway(infoOf(server.socket.info));
        server.close();
      }
      this.#checkClosed();
    }
    if (!this.#over) this.#destroyAfter(milliseconds);
    return this.#closed.asObservable();
  }

  addSocket(socket: ServedSocket | Duplex, options?: AddSocketOptions): void {
    this.#incoming.add(socket, options);
  }

  addStream(stream: Http1Stream | Http2StreamSubject): void {
    const added = takeOverStream(stream, this);
    if (added === undefined) return;
    if (this.#closing) return added.refuse(closingError());
    const { maxConnections } = this.#config;
    if (this.#open.size >= maxConnections) return added.refuse(tooMany(maxConnections));
    this.#open.add(added);
    this.#counted();
    added.open();
  }

  #serve(socket: ServedSocket): void {
    const { connection, version } = this.#config;
    const negotiation = new Negotiation(socket, this.deadlines, connection.timeouts, version, this);
    this.#open.add(negotiation);
    this.#counted();
    if (this.#events.observed) this.#events.emit({ type: 'connection', remote: infoOf(socket.info).remote });
    if (this.#closing) {
      goingAway(infoOf(socket.info)); // it was on its way when the server began to close
      negotiation.close();
    }
    negotiation.open();
  }

  // -- the connections' side -------------------------------------------------------------------------------------------

  negotiated(before: Negotiation, asHttp2: boolean): ServedConnection {
    const { connection, http2 } = this.#config;
    const after = asHttp2
      ? new PlainHttp2Server(before.socket, this.deadlines, http2, this)
      : new Http1Server(before.socket, this.deadlines, connection, this);
    this.became(before, after);
    return after;
  }

  request(exchange: ServerExchange, server: Http1Server): void {
    if (this.#config.h2c && this.#config.version !== '1.1') {
      const upgrade = h2cUpgrade(exchange);
      if (upgrade !== undefined) return this.#upgraded(exchange, server, upgrade);
    }
    this.answerHttp1(exchange, server);
  }

  answerHttp1(exchange: ServerExchange, carrier: Http1Carrier): void {
    this.#requests++;
    if (!refusedOutright(this.context, exchange, carrier)) this.#answer.http1(this, exchange, carrier);
  }

  became(before: ServedConnection, after: ServedConnection): void {
    this.#open.delete(before);
    this.#open.add(after);
  }

  #upgraded(exchange: ServerExchange, server: Http1Server, { settings, head }: H2cUpgrade): void {
    exchange.interim('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: h2c\r\n\r\n');
    const before = server.upgrade(exchange);
    const after = new PlainHttp2Server(before.stream, this.deadlines, this.#config.http2, this);
    this.became(before, after);
    after.open();
    after.connection.lanes.upgradedBy(settings, head);
  }

  requested(stream: Http2Stream, head: DecodedHead, ends: boolean, server: Http2Server): void {
    this.answerHttp2(stream, head, ends, server as PlainHttp2Server);
  }

  answerHttp2(stream: Http2Stream, head: DecodedHead, ends: boolean, carrier: Http2Carrier): void {
    this.#requests++;
    if (!misdirectedStream(this.context, stream, head, carrier)) this.#answer.http2(this, stream, head, ends, carrier);
  }

  overlarge(stream: Http2Stream, error: ProtocolError, { socket }: Http2Server): void {
    refuseStream(this.context, stream, socket, 431, error);
  }

  refused(exchange: ServerExchange, error: unknown, server: Http1Server): void {
    refuse(this.context, exchange, server, refusalStatus(error), error);
  }

  timeout(error: TimeoutError, { socket }: ServedConnection): void {
    if (!this.#events.observed) return;
    this.#events.emit({ type: 'timeout', remote: infoOf(socket.info).remote, error });
  }

  waits(): void {
    if (this.#events.observed) this.#events.watch();
  }

  closed(error: unknown, server: ServedConnection): void {
    this.#open.delete(server);
    if (error !== undefined && this.#events.observed) {
      this.#events.emit({ type: 'connection-error', remote: infoOf(server.socket.info).remote, error });
    }
    this.#counted();
    this.#checkClosed();
  }

  // --------------------------------------------------------------------------------------------------------------------

  #counted(): void {
    this.#count.next(this.#open.size);
    this.#incoming.count(this.#open.size);
  }

  #listenerFailed(error: unknown): void {
    if (this.#events.observed) this.#events.emit({ type: 'listener-error', error });
  }

  #destroyAfter(grace: number): void {
    this.#grace?.unsubscribe();
    if (grace === Infinity) return;
    this.#grace = timer(grace, this.#config.scheduler).subscribe(() => {
      for (const server of this.#open) server.destroy(new TimeoutError('close', grace));
      this.#incoming.abandon();
      this.#checkClosed();
    });
  }

  #checkClosed(): void {
    if (!this.#closing || this.#open.size > 0 || !this.#incoming.over || this.#over) return;
    this.#over = true;
    this.#grace?.unsubscribe();
    if (this.#events.observed) this.#events.emit({ type: 'closed' });
    this.#events.complete();
    this.#count.complete();
    this.#closed.next();
    this.#closed.complete();
  }
}

function closingError(): TimeoutError {
  return new TimeoutError('close', 0, 'the server is closing');
}

function tooMany(limit: number): NetworkError {
  return new NetworkError('CONNECTION_LIMIT', 'listen', `${limit} connections are open already`);
}
