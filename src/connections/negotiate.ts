import { Observable, type Observer, type Subscriber } from 'rxjs';
import { deliver, hold, type Release } from '../../operators/core/deliver.js';
import { Feed } from '../../operators/core/feed.js';
import { ProtocolError, TimeoutError } from '../../operators/core/protocol-error.js';
import { infoOf } from '../sockets/socket-info.js';
import type { ServedConnection, ServedSocket, ServerWait } from './served-connection.js';
import type { ResolvedServerTimeouts } from './server-timeouts.js';
import type { Deadline, Deadlines } from './timeouts.js';

/** The versions a server speaks: both, or only one. */
export type ServedVersion = '1.1' | '2' | undefined;

/** What cannot be the beginning of an HTTP/1 request, although it looks like one: how the preface of HTTP/2 begins. */
const SIGN = Buffer.from('PRI * HTTP/2.0', 'latin1');
/** No method of HTTP/1 that anyone uses begins so. */
const ENOUGH = 4;

export interface NegotiationHooks {
  /** The connection is one of HTTP/1, or of HTTP/2, from now on. */
  negotiated(before: Negotiation, http2: boolean): ServedConnection;
  timeout(error: TimeoutError, connection: ServedConnection): void;
  closed(error: unknown, connection: ServedConnection): void;
}

/**
 * What a connection speaks (RFC 9113 §3): what ALPN agreed on over TLS, else what its first bytes say. Those bytes are
 * handed on with the rest.
 */
export class Negotiation implements ServedConnection, Observer<Uint8Array> {
  readonly socket: ServedSocket;
  readonly active = 0;
  readonly held = 0;
  readonly unsent = 0;
  readonly #hooks: NegotiationHooks;
  readonly #version: ServedVersion;
  readonly #clock: Deadline;
  readonly #setup: number;
  readonly #lastRequest: number;
  readonly #seen = new Seen(this);
  #decided = false;
  #closing = false;

  constructor(
    socket: ServedSocket,
    deadlines: Deadlines,
    { setup, lastRequest }: ResolvedServerTimeouts,
    version: ServedVersion,
    hooks: NegotiationHooks,
  ) {
    this.socket = socket;
    this.#setup = setup;
    this.#lastRequest = lastRequest;
    this.#version = version;
    this.#hooks = hooks;
    this.#clock = deadlines.create(() => {
      if (this.#closing) return this.#over();
      const error = new TimeoutError('setup', setup);
      this.#hooks.timeout(error, this);
      this.destroy(error);
    });
  }

  get waiting(): { readonly who: ServerWait; readonly since: number } | undefined {
    return undefined;
  }

  open(): void {
    const { tls } = infoOf(this.socket.info);
    if (this.#version !== undefined) return this.#become(this.#version === '2', undefined);
    if (tls?.alpnProtocol !== undefined) return this.#agreed(tls.alpnProtocol);
    this.#clock.arm(this.#closing ? this.#lastRequest : this.#setup);
    this.socket.subscribe(this.#seen.feed);
  }

  /** What ALPN agreed on is spoken, and nothing else (RFC 7301 §3.2). */
  #agreed(protocol: string): void {
    if (protocol === 'h2' || protocol === 'http/1.1' || protocol === 'http/1.0') {
      return this.#become(protocol === 'h2', undefined);
    }
    const text = `no protocol of this server: ${JSON.stringify(protocol)}`;
    this.destroy(new ProtocolError('ALPN_UNSUPPORTED', text, { initiator: 'local' }));
  }

  /** Its first request may be on the way. */
  close(): void {
    if (this.#decided || this.#closing) return;
    this.#closing = true;
    this.#clock.arm(this.#lastRequest);
  }

  destroy(error: unknown): void {
    if (this.#decided) return;
    this.socket.error(error);
    this.#gone(error);
  }

  /** @internal */
  next(chunk: Uint8Array): void {
    const start = this.#seen.add(chunk);
    const length = Math.min(start.length, SIGN.length);
    let same = 0;
    while (same < length && start[same] === SIGN[same]) same++;
    if (same === length && length < ENOUGH) return this.#seen.hold();
    this.#become(same >= ENOUGH, this.#seen.bytes);
  }

  /** @internal */
  error(error: unknown): void {
    this.#gone(error);
  }

  /** @internal */
  complete(): void {
    if (this.#seen.none) return this.#over();
    // Too little to tell: HTTP/1 knows what to say to that.
    this.#seen.end();
    this.#become(false, this.#seen.bytes);
  }

  /** @param bytes what was looked at, and the rest, if anything was */
  #become(http2: boolean, bytes: Observable<Uint8Array> | undefined): void {
    this.#decided = true;
    this.#clock.disarm();
    const connection = this.#hooks.negotiated(this, http2);
    if (this.#closing && !http2) connection.close(); // before its first request, which is the last
    connection.open(bytes);
    if (this.#closing && http2) connection.close(); // GOAWAY comes after SETTINGS
  }

  #over(): void {
    this.socket.complete();
    this.#gone(undefined);
  }

  #gone(error: unknown): void {
    if (this.#decided) return;
    this.#decided = true;
    this.#clock.disarm();
    this.#seen.letGo();
    this.#hooks.closed(error, this);
  }
}

/** The bytes that were looked at, for whoever is to read the connection. */
class Seen {
  readonly feed: Feed<Uint8Array>;
  #chunks: Uint8Array[] = [];
  #releases: Release[] = [];
  #ended = false;

  constructor(looking: Observer<Uint8Array>) {
    this.feed = new Feed(looking);
  }

  /** These, and all that comes behind them. */
  get bytes(): Observable<Uint8Array> {
    return new Observable((subscriber) => this.#replay(subscriber));
  }

  get none(): boolean {
    return this.#chunks.length === 0;
  }

  /** Returns all of them, in one piece. */
  add(chunk: Uint8Array): Uint8Array {
    this.#chunks.push(chunk);
    return this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
  }

  /** The last of them is not decided upon. */
  hold(): void {
    this.#releases.push(hold());
  }

  end(): void {
    this.#ended = true;
  }

  letGo(): void {
    this.feed.unsubscribe();
    for (const release of this.#releases) release();
  }

  /** Hands them on; the last of them is being delivered now, unless the peer has ended. */
  #replay(subscriber: Subscriber<Uint8Array>): Feed<Uint8Array> {
    const chunks = this.#chunks;
    const releases = this.#releases;
    this.#chunks = [];
    this.#releases = [];
    this.feed.redirect(subscriber);
    for (const [i, chunk] of chunks.entries()) {
      const release = releases[i];
      if (release === undefined) subscriber.next(chunk);
      else deliver(subscriber, chunk, release);
    }
    if (this.#ended) subscriber.complete();
    return this.feed;
  }
}
