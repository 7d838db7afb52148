import { isProtocolError } from '../core/protocol-error.js';
import { detach, type ByteSubject, type DetachedSubject } from './detach.js';
import { Inlet, type InletOwner } from './inlet.js';
import type { Http1Limits } from './limits.js';
import { DATA, END, HEAD, NEED_DATA, RequestDecoder } from './message-decoder.js';
import type { ServerExchange } from './server-exchange.js';

/** What the reader asks and tells its connection. */
export interface RequestReaderHost {
  /** Whether the next request may be begun. */
  readonly mayBegin: boolean;
  /** A head was read: the exchange it begins. */
  begin(decoder: RequestDecoder): ServerExchange;
  /** It may be answered. */
  begun(exchange: ServerExchange): void;
  /** A request was read whole. */
  readWhole(exchange: ServerExchange): void;
  /** No request follows. */
  inputOver(): void;
  /** What was read breaks the rules. */
  refuse(error: unknown): void;
  fail(error: unknown): void;
  /** All that could be read was: what was queued may leave. */
  processed(): void;
  progress(): void;
  /** The peer has ended its direction. */
  peerEnded(): void;
}

const READING = 0;
/** Input backs up in the socket. */
const DEAF = 1;
/** Input is dropped. */
const OFF = 2;

/** The inbound lane of a server connection: from the socket's chunks to heads, bodies and ends, as fast as it may. */
export class RequestReader implements InletOwner {
  /** The request whose body is being read. */
  current: ServerExchange | undefined = undefined;
  /** The peer has ended its direction. */
  finished = false;
  /** Input is being processed. */
  busy = false;
  readonly decoder: RequestDecoder;
  readonly inlet: Inlet;
  readonly #host: RequestReaderHost;
  #mode = READING;

  constructor(host: RequestReaderHost, limits: Partial<Http1Limits> | undefined) {
    this.#host = host;
    this.decoder = new RequestDecoder(limits);
    this.inlet = new Inlet(this);
  }

  get reading(): 'boundary' | 'head' | 'body' | 'nothing' {
    if (this.#mode !== READING || this.finished) return 'nothing';
    if (this.current) return 'body';
    return this.decoder.midMessage ? 'head' : 'boundary';
  }

  /** Reads nothing more; what still comes backs up in the socket. */
  deafen(): void {
    if (this.#mode === READING) this.#mode = DEAF;
  }

  /** Reads nothing more; what still comes is dropped, and what was held is let go. */
  turnOff(): void {
    this.#mode = OFF;
    this.inlet.letGo();
  }

  /** Gives up the request being read. */
  drop(): ServerExchange | undefined {
    const { current } = this;
    this.current = undefined;
    return current;
  }

  /** Hands the socket over: what was not read is the first that comes out of it. */
  detach(socket: ByteSubject): DetachedSubject {
    const feed = this.inlet.leave();
    const { stream, inbound } = detach(socket, this.decoder.takeRest(), () => feed.unsubscribe());
    feed.redirect(inbound);
    this.turnOff();
    if (this.finished) inbound.complete();
    return stream;
  }

  /** Reads on after a pause, if there is anything to read and it may be. */
  resume(): void {
    if (!this.#mayRead() || (this.decoder.buffered === 0 && !this.finished)) return;
    this.#pump();
    if (!this.#backedUp()) this.inlet.letGo();
  }

  /** @internal */
  next(chunk: Uint8Array): void {
    if (this.#mode === OFF) return this.#host.progress();
    if (this.#mode === DEAF) return this.inlet.stall();
    this.decoder.push(chunk);
    this.#pump();
    if (this.#backedUp()) this.inlet.stall();
    this.#host.progress();
  }

  /** @internal */
  error(error: unknown): void {
    this.#host.fail(error);
  }

  /** @internal */
  complete(): void {
    this.finished = true;
    if (this.#mode === READING) {
      this.decoder.finish();
      this.#pump();
    }
    this.#host.peerEnded();
  }

  /** @internal */
  freed(): void {
    this.#host.progress();
  }

  /** Input is there that may not be read yet. */
  #backedUp(): boolean {
    return this.#mode === READING && this.decoder.buffered > 0 && !this.#mayRead();
  }

  #mayRead(): boolean {
    return this.#mode === READING && (this.current !== undefined || this.#host.mayBegin);
  }

  #pump(): void {
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.#mayRead() && this.#step());
    } catch (error) {
      if (isProtocolError(error)) this.#host.refuse(error);
      else this.#host.fail(error);
    } finally {
      this.busy = false;
      this.#host.processed();
    }
  }

  /** One event of the decoder; false when there is none to be had. */
  #step(): boolean {
    const { decoder } = this;
    const event = decoder.read();
    if (event === HEAD) {
      const exchange = this.#host.begin(decoder);
      this.current = exchange;
      this.#host.begun(exchange);
    } else if (event === DATA) this.#data();
    else if (event === END) this.#end();
    else {
      if (event !== NEED_DATA) this.#over();
      return false;
    }
    return true;
  }

  #data(): void {
    const { chunk, chunkExtension } = this.decoder;
    if (this.current) this.inlet.pass(chunk, chunkExtension, this.current);
  }

  #end(): void {
    const exchange = this.current;
    if (exchange === undefined) return;
    this.current = undefined;
    exchange.bodyEnded(this.decoder.trailers);
    this.#host.readWhole(exchange);
  }

  #over(): void {
    this.deafen();
    this.#host.inputOver();
  }
}
