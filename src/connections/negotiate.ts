import { Observable, type Subscriber, type Subscription } from 'rxjs';
import { deliver, hold, type Release } from '../../operators/core/deliver.js';
import { DuplexSubject } from '../../operators/core/duplex-subject.js';
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
  negotiated(before: ServedConnection, http2: boolean, socket: ServedSocket): ServedConnection;
  timeout(error: TimeoutError, connection: ServedConnection): void;
  closed(error: unknown, connection: ServedConnection): void;
}

/**
 * What a connection speaks (RFC 9113 §3): what ALPN agreed on over TLS, else what its first bytes say. Those bytes are
 * handed on with the rest.
 */
export class Negotiation implements ServedConnection {
  readonly socket: ServedSocket;
  readonly active = 0;
  readonly held = 0;
  readonly unsent = 0;
  readonly #hooks: NegotiationHooks;
  readonly #version: ServedVersion;
  readonly #clock: Deadline;
  readonly #setup: number;
  readonly #lastRequest: number;
  readonly #seen: Uint8Array[] = [];
  readonly #releases: Release[] = [];
  #target: Subscriber<Uint8Array> | undefined = undefined;
  #subscription: Subscription | undefined = undefined;
  #decided = false;
  #closing = false;
  #ended = false;

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
    if (this.#version !== undefined) return this.#become(this.#version === '2', this.socket);
    if (tls?.alpnProtocol !== undefined) return this.#agreed(tls.alpnProtocol);
    this.#clock.arm(this.#closing ? this.#lastRequest : this.#setup);
    this.#subscription = this.socket.subscribe({
      next: (chunk) => (this.#target === undefined ? this.#look(chunk) : this.#target.next(chunk)),
      error: (error: unknown) => (this.#target === undefined ? this.#gone(error) : this.#target.error(error)),
      complete: () => this.#end(),
    });
  }

  /** What ALPN agreed on is spoken, and nothing else (RFC 7301 §3.2). */
  #agreed(protocol: string): void {
    if (protocol === 'h2' || protocol === 'http/1.1' || protocol === 'http/1.0') {
      return this.#become(protocol === 'h2', this.socket);
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

  #look(chunk: Uint8Array): void {
    this.#seen.push(chunk);
    const [first] = this.#seen;
    const start = this.#seen.length === 1 ? (first as Uint8Array) : Buffer.concat(this.#seen);
    const length = Math.min(start.length, SIGN.length);
    let same = 0;
    while (same < length && start[same] === SIGN[same]) same++;
    if (same === length && length < ENOUGH) {
      this.#releases.push(hold());
      return;
    }
    this.#become(same >= ENOUGH, new SniffedSocket(this.socket, (subscriber) => this.#replay(subscriber)));
  }

  #become(http2: boolean, socket: ServedSocket): void {
    this.#decided = true;
    this.#clock.disarm();
    const connection = this.#hooks.negotiated(this, http2, socket);
    if (this.#closing && !http2) connection.close(); // before its first request, which is the last
    connection.open();
    if (this.#closing && http2) connection.close(); // GOAWAY comes after SETTINGS
  }

  /** Hands on what was looked at; the last of it is being delivered now. */
  #replay(subscriber: Subscriber<Uint8Array>): Subscription | undefined {
    const last = this.#seen.pop();
    for (const [i, chunk] of this.#seen.entries()) deliver(subscriber, chunk, this.#releases[i] as Release);
    this.#seen.length = 0;
    this.#target = subscriber;
    if (last !== undefined) subscriber.next(last);
    if (this.#ended) subscriber.complete();
    return this.#subscription;
  }

  #end(): void {
    this.#ended = true;
    if (this.#target !== undefined) return this.#target.complete();
    if (this.#seen.length === 0) return this.#over();
    // Too little to tell: HTTP/1 knows what to say to that.
    this.#seen.push(new Uint8Array(0));
    this.#releases.push(() => undefined);
    this.#become(false, new SniffedSocket(this.socket, (subscriber) => this.#replay(subscriber)));
  }

  #over(): void {
    this.socket.complete();
    this.#gone(undefined);
  }

  #gone(error: unknown): void {
    if (this.#decided) return;
    this.#decided = true;
    this.#clock.disarm();
    this.#subscription?.unsubscribe();
    for (const release of this.#releases) release();
    this.#hooks.closed(error, this);
  }
}

/** A socket whose first bytes somebody has looked at. */
class SniffedSocket extends DuplexSubject<Uint8Array, Uint8Array> {
  readonly #socket: ServedSocket;

  constructor(socket: ServedSocket, replay: (subscriber: Subscriber<Uint8Array>) => Subscription | undefined) {
    super(new Observable(replay), socket, socket.info);
    this.#socket = socket;
  }

  get heldBytes(): number {
    return this.#socket.heldBytes ?? 0;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedBytes ?? 0;
  }

  get destroyed(): boolean {
    return (this.#socket as { destroyed?: boolean }).destroyed === true;
  }
}
