import { from, type Observable, type ObservableInput } from 'rxjs';
import { DuplexSubject, type DuplexDestination } from '../core/duplex-subject.js';
import { UsageError } from '../core/protocol-error.js';
import { operate } from '../core/operate.js';
import type { Http1Event } from './event.js';
import type { OutboundEvent } from './outbound-event.js';
import type { ExchangeSuccessor } from './exchange-owner.js';
import type { HandedExchange } from './server-stream.js';
import type { Http1State } from './state.js';
import type { StreamInbound } from './stream-inbound.js';

/** What stands behind an {@link Http1Stream}: one for each role. */
export interface Http1StreamPort extends DuplexDestination<OutboundEvent> {
  readonly id: number;
  readonly sending: Http1State;
  readonly receiving: Http1State;
  readonly inbound: StreamInbound;
  reset(error?: unknown): void;
  /** On a server. */
  handOver?(successor: ExchangeSuccessor): HandedExchange | undefined;
}

/**
 * One exchange of a connection, driven by hand: an Observable of the peer's message and an Observer of ours.
 *
 * ```text
 * client  next       (request) data data end
 *         Observable                       informational response data end|
 * server  Observable (request) data data end|
 *         next                             informational response data end
 * ```
 *
 * - In: `data` events are views of what the socket delivers, so holding them stops the peer. A message that breaks a rule
 *   is a `ProtocolError`. Leaving before the end cancels a client's exchange; a server drops what is left of the request.
 * - Out: heads, body and framing as given, nothing is added but what the framing needs. `next` throws `UsageError` for what
 *   may not come now, `ILLEGAL_EVENT`, or is no message (see `encodeHttp1Messages`), and nothing is sent; what comes after
 *   the stream has failed is dropped. It holds the delivery it is called in while the socket is backed up, and while
 *   earlier exchanges of the connection have the turn.
 * - `complete` ends a body that is not ended yet; `error` is {@link reset}.
 *
 * RFC 9112. After `upgrade` both directions carry `data` of the other protocol, unless somebody takes the socket.
 */
export class Http1Stream<Info = unknown> extends DuplexSubject<Http1Event, OutboundEvent, Info> {
  readonly #port: Http1StreamPort;

  constructor(port: Http1StreamPort, info: Info) {
    super(port.inbound.events, port, info);
    this.#port = port;
  }

  /** @internal Undefined where it is over. @throws `UsageError` `STREAM_IN_USE`, `INVALID_OPTION` */
  static handOver(stream: Http1Stream, successor: ExchangeSuccessor): HandedExchange | undefined {
    const port = stream.#port;
    if (port.handOver === undefined) throw new UsageError('INVALID_OPTION', 'a stream to be answered is a server’s');
    return port.handOver(successor);
  }

  /** Its number on the connection, from 1. */
  get id(): number {
    return this.#port.id;
  }

  /** Where our message is. */
  get sending(): Http1State {
    return this.#port.sending;
  }

  /** Where the peer's message is. */
  get receiving(): Http1State {
    return this.#port.receiving;
  }

  /**
   * Sends all that `source` says, then completes. Cold. What `next` would throw is its error and resets the stream, which
   * makes it the way to send on what a peer has a say in: `subscribe(stream)` reports a throw as unhandled, as RxJS does.
   *
   * @example
   * ```ts
   * // A proxy of one exchange, trailers and chunk extensions included, with backpressure both ways.
   * upstream.send(stream).subscribe({ error: console.error });
   * stream.send(upstream).subscribe({ error: console.error });
   * ```
   */
  send(source: ObservableInput<OutboundEvent>): Observable<never> {
    return from(source).pipe(
      operate<OutboundEvent, never>((subscriber) => ({
        next: (event) => {
          try {
            this.next(event);
          } catch (error) {
            this.reset(error);
            throw error;
          }
        },
        error: (error) => {
          this.reset(error);
          subscriber.error(error);
        },
        complete: () => {
          this.complete();
          subscriber.complete();
        },
      })),
    );
  }

  /**
   * Gives body bytes back: they come again as a `data` event before anything else, as soon as the consumer has returned.
   *
   * @throws UsageError `NOT_IN_BODY` before the head was seen or after the end.
   */
  unget(chunk: Uint8Array): void {
    this.#port.inbound.unget(chunk);
  }

  /**
   * Gives the exchange up. What has begun on the wire cannot be stopped otherwise: the connection ends.
   *
   * @param error what the consumer is told; default `ProtocolError` `CANCELLED`.
   */
  reset(error?: unknown): void {
    this.#port.reset(error);
  }
}
