import type { Observer, Subscription } from 'rxjs';
import { isHeld, relay } from '../core/deliver.js';
import { ProtocolError } from '../core/protocol-error.js';
import type { Fields } from '../http/fields.js';
import { ClientExchange } from './client-exchange.js';
import { detach, type ByteSubject, type DetachedSubject } from './detach.js';
import type { Http1Limits } from './limits.js';
import {
  CLOSED,
  DATA,
  END,
  FRAMING_TUNNEL,
  HEAD,
  NEED_DATA,
  ResponseDecoder,
  type ResponseHead,
} from './message-decoder.js';
import { Output } from './output.js';

/** What the owner of an exchange learns of its response, in order. Called inside the socket's delivery. */
export interface ResponseSink {
  informational(head: ResponseHead): void;
  /** @param framing how the body is delimited; 0 is none. @param transferCoding what the data still is coded in. */
  head(head: ResponseHead, framing: number, transferCoding: string, contentLength: number): void;
  data(chunk: Uint8Array, extension: string): void;
  /** The response is whole; let go of held chunks now, before the connection is offered again. */
  settle(): void;
  end(trailers: Fields | undefined): void;
  /** What had arrived has been read, and the response is not complete. */
  progress(): void;
  /** Consumers hold nothing of this connection any more. */
  released(): void;
  /** 101 or a 2xx to CONNECT was the head: what follows is not HTTP. */
  upgraded(socket: DetachedSubject): void;
  failed(error: unknown): void;
}

export interface ClientConnectionHooks {
  /** A response is complete and the connection is fit for another request; it may begin one at once. */
  available(): void;
  /** Never again; called once. */
  closed(error: unknown): void;
}

/** Takes further requests; finishes those it has; has left HTTP; is over. */
export type ClientConnectionState = 'open' | 'closing' | 'detached' | 'closed';

/**
 * One HTTP/1 connection in the client role (RFC 9112 §9): the junction where responses meet the requests they answer.
 * It has no clock and no policy; it is fit for reuse only when it proves it (§9.3, and nothing unread or half sent).
 */
export class ClientConnection {
  readonly socket: ByteSubject;
  readonly #decoder: ResponseDecoder;
  readonly #hooks: ClientConnectionHooks;
  readonly #output: Output;
  /** Requests begun whose responses are not complete, oldest first. */
  readonly #inFlight: ClientExchange[] = [];
  #subscription: Subscription | undefined;
  #state: ClientConnectionState = 'open';
  /** Input is dropped. */
  #deaf = false;
  #pumping = false;
  #held = 0;
  #awaitingRelease = false;
  #served = 0;
  /** Who reads the socket: HTTP, and after an upgrade the detached stream. */
  #inbound: Observer<Uint8Array> = {
    next: (chunk) => {
      this.#decoder.push(chunk);
      this.#pump();
    },
    error: (error: unknown) => this.fail(error),
    complete: () => this.#ended(),
  };
  readonly #released = (): void => {
    if (--this.#held > 0) return;
    if (this.#awaitingRelease) this.#offer();
    else this.#inFlight[0]?.sink.released();
  };

  constructor(socket: ByteSubject, hooks: ClientConnectionHooks, limits?: Partial<Http1Limits>) {
    this.socket = socket;
    this.#hooks = hooks;
    this.#decoder = new ResponseDecoder(limits);
    this.#output = new Output(socket);
  }

  /** Starts reading, also while idle, when any byte ends the connection. */
  open(): void {
    this.#subscription = this.socket.subscribe({
      next: (chunk) => {
        this.#held++;
        relay(this.#inbound, chunk, this.#released);
      },
      error: (error: unknown) => this.#inbound.error(error),
      complete: () => this.#inbound.complete(),
    });
    if (this.#state === 'closed') this.#subscription.unsubscribe();
  }

  /** Fit for a request that waits for no other. */
  get idle(): boolean {
    return this.#state === 'open' && this.#inFlight.length === 0 && !this.#awaitingRelease;
  }

  get state(): ClientConnectionState {
    return this.#state;
  }

  get closed(): boolean {
    return this.#state === 'closed' || this.#state === 'detached';
  }

  /** Responses completed here. */
  get served(): number {
    return this.#served;
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  /** Chunks that consumers hold: while there are any, the peer is not the one being waited for. */
  get consumerHolds(): boolean {
    return this.#held > 0;
  }

  /** Request bytes that the socket has not let go. */
  get unsent(): number {
    return this.#output.unsent;
  }

  /** Another request may be written behind those in flight (pipelining). */
  get pipelinable(): boolean {
    const last = this.#inFlight[this.#inFlight.length - 1];
    return this.#state === 'open' && !this.#awaitingRelease && (last === undefined || (last.sent && last.pipelinable));
  }

  /**
   * Enters a request; its response goes to `sink`. Write it with the exchange returned.
   *
   * @param upgrade whether the request asks for another protocol: otherwise 101 is an error.
   */
  begin(sink: ResponseSink, method: string, upgrade = false): ClientExchange {
    const exchange = new ClientExchange(this, this.#output, sink, method, upgrade);
    this.#inFlight.push(exchange);
    this.#decoder.expect(method, upgrade);
    return exchange;
  }

  /** Writes what was queued, unless input is being processed: then it leaves with the rest of this turn. */
  flush(): void {
    if (!this.#pumping) this.#output.flush();
  }

  /** No further request; closes as soon as nothing is in flight. */
  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    if (this.#inFlight.length === 0 && !this.#awaitingRelease) this.#shut(undefined);
  }

  /** Ends the connection at once; everything in flight fails with `error`. */
  fail(error: unknown): void {
    if (!this.closed) this.#shut(error);
  }

  /** Reads nothing more: what is in flight fails with `error`. Requests may still be finished, and go unanswered. */
  deafen(error: unknown): void {
    if (this.closed || this.#deaf) return;
    this.#deaf = true;
    this.#state = 'closing';
    const { error: failed } = this.#inbound;
    this.#inbound = { next: () => undefined, error: failed, complete: () => this.#shut(undefined) };
    for (const exchange of this.#inFlight.splice(0)) exchange.sink.failed(error);
  }

  /** Takes the byte stream out of HTTP, unread bytes first: what is in flight fails with `error`. */
  release(error: unknown): DetachedSubject {
    const failed = this.#inFlight.splice(0);
    for (const exchange of failed) exchange.over = true;
    const socket = this.#leave();
    for (const exchange of failed) exchange.sink.failed(error);
    return socket;
  }

  /** Whether cancelling this exchange leaves the connection whole. */
  abandon(exchange: ClientExchange): void {
    if (!this.#inFlight.includes(exchange)) return;
    this.#inFlight.splice(this.#inFlight.indexOf(exchange), 1);
    this.fail(
      new ProtocolError('CANCELLED', 'another exchange on this connection was cancelled', { initiator: 'local' }),
    );
  }

  #pump(): void {
    if (this.#pumping || this.closed) return;
    this.#pumping = true;
    try {
      while (!this.closed && !this.#deaf && this.#step());
    } catch (error) {
      this.fail(error);
    } finally {
      this.#pumping = false;
      if (!this.closed) this.#output.flush();
    }
    this.#inFlight[0]?.sink.progress();
  }

  /** One event of the decoder; false when there is none to be had. */
  #step(): boolean {
    const decoder = this.#decoder;
    const event = decoder.read();
    if (event === NEED_DATA) return false;
    const exchange = this.#inFlight[0];
    if (event === CLOSED || exchange === undefined) {
      this.#shut(exchange && new ProtocolError('CONNECTION_CLOSED', 'the peer closed before it answered'));
      return false;
    }
    if (event === DATA) exchange.sink.data(decoder.chunk, decoder.chunkExtension);
    else if (event === HEAD) this.#head(exchange, decoder.head as ResponseHead);
    else if (event === END) this.#end(exchange);
    return true;
  }

  #head(exchange: ClientExchange, head: ResponseHead): void {
    exchange.answered = true;
    if (head.status < 200 && head.status !== 101) {
      exchange.interim = true;
      exchange.sink.informational(head);
      return;
    }
    exchange.interim = false;
    if (!this.#decoder.keepAlive && this.#state === 'open') this.#state = 'closing';
    const { framing, transferCoding, contentLength } = this.#decoder;
    exchange.sink.head(head, framing, transferCoding, contentLength);
  }

  #end(exchange: ClientExchange): void {
    if (exchange.interim) return;
    const { framing, trailers } = this.#decoder;
    this.#inFlight.shift();
    this.#served++;
    if (framing === FRAMING_TUNNEL) {
      this.#detach(exchange);
      return;
    }
    exchange.sink.settle();
    // Half a request sent, or bytes nobody asked for: the connection proves nothing.
    if (!exchange.sent || (this.#inFlight.length === 0 && this.#decoder.buffered > 0)) this.#state = 'closing';
    exchange.over = true;
    if (this.#inFlight.length === 0) {
      // This very chunk counts as held until the call returns; what matters is whether somebody else holds.
      if (this.#held > 1 || isHeld()) this.#awaitingRelease = true;
      else this.#offer();
    } else if (this.#state === 'open') this.#hooks.available();
    exchange.sink.end(trailers);
  }

  #offer(): void {
    this.#awaitingRelease = false;
    if (this.#state === 'closing') this.#shut(undefined);
    else if (this.#state === 'open') this.#hooks.available();
  }

  #ended(): void {
    if (this.closed) return;
    this.#decoder.finish();
    this.#pump();
    if (!this.closed) this.#shut(new ProtocolError('CONNECTION_CLOSED', 'the peer closed the connection'));
  }

  #detach(exchange: ClientExchange): void {
    exchange.over = true;
    exchange.sink.upgraded(this.#leave());
  }

  #leave(): DetachedSubject {
    this.#state = 'detached';
    this.#output.flush();
    const { stream, inbound } = detach(this.socket, this.#decoder.takeRest(), () => this.#subscription?.unsubscribe());
    this.#inbound = inbound;
    this.#hooks.closed(undefined);
    return stream;
  }

  #shut(error: unknown): void {
    this.#state = 'closed';
    const failed = this.#inFlight.splice(0);
    if (error === undefined) this.#output.flush();
    this.#subscription?.unsubscribe();
    this.socket.complete(); // letting go of an inbound that has ended closes nothing
    this.#hooks.closed(error);
    for (const exchange of failed) {
      exchange.over = true;
      exchange.sink.failed(error);
    }
  }
}
