import type { Observable } from 'rxjs';
import { ProtocolError } from '../core/protocol-error.js';
import { CountingSink } from './counting-sink.js';
import type { ByteSubject, DetachedSubject } from './detach.js';
import type { RequestDecoder } from './message-decoder.js';
import { Output } from './output.js';
import { RequestReader, type RequestReaderHost } from './request-reader.js';
import type { ServerConnectionHooks, ServerConnectionOptions } from './server-connection-options.js';
import { ServerExchange } from './server-exchange.js';

/** Response bytes that may gather while one chunk of requests is being processed. */
const MOST_GATHERED = 16_384;

/**
 * One HTTP/1 connection in the server role (RFC 9112 §9), the junction: requests are read in order and handed out as they
 * come, responses leave in the order of their requests. It has no clock: `progress` tells its owner when to look.
 */
export class ServerConnection implements RequestReaderHost {
  readonly socket: ByteSubject;
  readonly maxDrain: number;
  readonly output: Output;
  readonly #hooks: ServerConnectionHooks;
  readonly #reader: RequestReader;
  readonly #sink: CountingSink;
  readonly #maxPipelined: number;
  readonly #maxRequests: number;
  /** Requests without a complete response, oldest first: that one has its turn. */
  readonly #unanswered: ServerExchange[] = [];
  /** A CONNECT or an upgrade waits for its answer: what follows may not be HTTP. */
  #switching: ServerExchange | undefined = undefined;
  #state: 'open' | 'lingering' | 'detached' | 'closed' = 'open';
  /** Closes once the requests at hand are answered. */
  #closing = false;
  #requests = 0;
  #gathered = 0;

  constructor(socket: ByteSubject, hooks: ServerConnectionHooks, options: ServerConnectionOptions = {}) {
    this.socket = socket;
    this.#hooks = hooks;
    this.#maxPipelined = options.maxPipelined ?? 16;
    this.#maxRequests = options.maxRequests ?? 1000;
    this.maxDrain = options.maxDrain ?? 65_536;
    this.#reader = new RequestReader(this, options.limits);
    this.#sink = new CountingSink(socket);
    this.output = new Output(this.#sink, () => this.#drained());
  }

  /** @param bytes what comes in, where somebody has looked at the first of it */
  open(bytes: Observable<Uint8Array> = this.socket): void {
    this.#reader.inlet.open(bytes);
  }

  /** What is being read: nothing yet of a request, its head, its body, or nothing more for good. */
  get reading(): 'boundary' | 'head' | 'body' | 'nothing' {
    return this.#state === 'open' ? this.#reader.reading : 'nothing';
  }

  get unanswered(): number {
    return this.#unanswered.length;
  }

  /** Our last response is written; what still comes in is dropped until the peer closes (RFC 9112 §9.6). */
  get lingering(): boolean {
    return this.#state === 'lingering';
  }

  get closed(): boolean {
    return this.#state === 'closed' || this.#state === 'detached';
  }

  /** The peer has ended its direction: it may be gone altogether. */
  get finished(): boolean {
    return this.#reader.finished;
  }

  /** Whoever reads the request body holds some of it: the peer is not the one being waited for. */
  get consumerHolds(): boolean {
    return this.#reader.inlet.consumerHolds;
  }

  /** Response bytes that the socket has not let go. */
  get unsent(): number {
    return this.output.unsent;
  }

  /** Bytes read so far. */
  get received(): number {
    return this.#reader.inlet.received;
  }

  /** Bytes handed to the socket so far. */
  get written(): number {
    return this.#sink.written;
  }

  /** Requests whose heads were read. */
  get requests(): number {
    return this.#requests;
  }

  /** The exchange whose turn it is to answer. */
  get turn(): ServerExchange | undefined {
    return this.#unanswered[0];
  }

  /** The request just read is the last one allowed here. */
  get exhausted(): boolean {
    return this.#requests >= this.#maxRequests;
  }

  /** Whether the connection closes once this exchange is answered. */
  closesAfter(exchange: ServerExchange): boolean {
    if (this.#switching === exchange) return true; // what follows a refused switch may be no HTTP (RFC 9931)
    return this.#closing && this.#unanswered[this.#unanswered.length - 1] === exchange;
  }

  /** Finishes what was begun, then closes; an idle connection closes now, or after one request more. */
  close(oneMore = false): void {
    if (this.#state !== 'open') return;
    this.#closing = true;
    if (!oneMore && this.#unanswered.length === 0 && this.reading === 'boundary') this.shutdown();
  }

  /** Ends the connection at once: unfinished requests are cancelled with `error`. */
  fail(error: unknown): void {
    if (this.closed) return;
    this.#state = 'closed';
    if (this.#reader.finished) this.socket.error(error); // letting go of an inbound that has ended closes nothing
    this.#reader.inlet.close();
    this.#reader.turnOff();
    for (const exchange of this.#unanswered.splice(0)) exchange.cancel(error);
    this.#reader.drop()?.bodyFailed(error);
    this.#hooks.closed(error);
  }

  /** {@link fail} after what is queued; `reset` so that the peer cannot take it for the end of a response. */
  abort(error: unknown, reset: boolean): void {
    if (this.closed) return;
    this.output.flush();
    if (reset) this.socket.error(error);
    this.fail(error);
  }

  /** Refuses what is being read: the answer, if one is still possible, is the last on this connection. */
  refuse(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#reader.deafen(); // nothing after this can be trusted
    this.#reader.inlet.letGo();
    const current = this.#reader.drop();
    if (current?.over) {
      current.bodyFailed(error);
      return this.shutdown(); // it has its answer
    }
    if (current?.headSent) return current.abort(error);
    const refusal = new ServerExchange(this, undefined, this.#reader.decoder);
    const place = current ? this.#unanswered.indexOf(current) : -1;
    if (place < 0) this.#unanswered.push(refusal);
    else this.#unanswered[place] = refusal;
    current?.cancel(error);
    this.#hooks.refused(refusal, error);
  }

  /** The rest of this exchange's body is not wanted and too long to be dropped: reading ends here. */
  stopReading(exchange: ServerExchange): void {
    this.#reader.deafen();
    exchange.closeAfter();
    if (exchange.over) this.shutdown();
  }

  /** Writes what was queued, unless input is being processed: then it leaves with the rest of this turn. */
  flush(): void {
    if (!this.#reader.busy) this.output.flush();
  }

  /** A whole response was queued. */
  wrote(bytes: number): void {
    this.#gathered += bytes;
    if (this.#gathered < MOST_GATHERED) return;
    this.#gathered = 0;
    this.output.flush();
  }

  /** Where the peer has ended its direction nobody else says that the socket is dead: bodies would be pulled into nothing. */
  checkAlive(): boolean {
    if ((this.socket as { destroyed?: boolean }).destroyed !== true) return true;
    this.fail(new ProtocolError('CONNECTION_CLOSED', 'the peer closed the connection before it was answered'));
    return false;
  }

  /** An exchange has its whole response. */
  answered(exchange: ServerExchange): void {
    if (this.closed) return;
    const last = exchange.close;
    this.#unanswered.shift();
    if (this.#reader.current === exchange) {
      // A body somebody reads is read to its end; the connection goes on, or closes, after it.
      if (exchange.bodyWanted) return;
      if (!last) exchange.drain();
    }
    if (this.#state !== 'open') return;
    const none = this.#unanswered.length === 0 && this.#reader.current === undefined;
    if (last || (this.#closing && none)) return this.shutdown();
    this.#unanswered[0]?.turn();
    if (this.#reader.busy) return;
    this.#resume();
    this.progress();
  }

  /** Sends what is queued and our FIN, cancels what is left, and drops what still comes. */
  shutdown(): void {
    if (this.#state !== 'open') return;
    this.#state = 'lingering';
    this.output.flush();
    this.#reader.turnOff();
    this.#reader.drop()?.bodyFailed(undefined);
    for (const exchange of this.#unanswered.splice(0)) exchange.cancel(undefined);
    this.socket.complete();
    if (!this.#closeIfDone()) this.#hooks.progress();
  }

  /** The byte stream, out of HTTP, for the exchange that answered 101 or 2xx to a CONNECT. */
  detach(): DetachedSubject {
    this.output.flush();
    this.#state = 'detached';
    this.#unanswered.shift();
    const stream = this.#reader.detach(this.socket);
    this.#hooks.closed(undefined);
    return stream;
  }

  // -- the reader's side ---------------------------------------------------------------------------------------------

  get mayBegin(): boolean {
    const { length } = this.#unanswered;
    return (
      length < this.#maxPipelined &&
      this.output.unsent === 0 &&
      this.#switching === undefined &&
      !(this.#closing && length > 0)
    );
  }

  begin(decoder: RequestDecoder): ServerExchange {
    this.#requests++;
    const exchange = new ServerExchange(this, decoder.head, decoder);
    this.#unanswered.push(exchange);
    if (decoder.upgrade !== '' || decoder.head.method === 'CONNECT') this.#switching = exchange;
    return exchange;
  }

  begun(exchange: ServerExchange): void {
    this.#hooks.request(exchange);
  }

  readWhole(exchange: ServerExchange): void {
    const last = exchange.close;
    if (last && this.#switching !== exchange) this.#reader.deafen(); // whatever follows is not parsed
    if (this.#unanswered.length === 0 && (this.#closing || last)) this.shutdown();
  }

  inputOver(): void {
    this.#closing = true;
    if (this.#unanswered.length === 0) this.shutdown();
  }

  processed(): void {
    this.#gathered = 0;
    if (this.#state === 'open') this.output.flush();
  }

  progress(): void {
    if (!this.closed) this.#hooks.progress();
  }

  peerEnded(): void {
    if (!this.#closeIfDone()) this.progress();
  }

  // ------------------------------------------------------------------------------------------------------------------

  #drained(): void {
    if (this.#closeIfDone() || !this.checkAlive()) return;
    this.#resume();
    this.progress();
  }

  #resume(): void {
    if (this.#state === 'open') this.#reader.resume();
  }

  /** After our FIN and the peer's, and once all is sent. */
  #closeIfDone(): boolean {
    if (this.#state !== 'lingering' || !this.#reader.finished || this.output.unsent > 0) return false;
    this.#state = 'closed';
    this.#reader.inlet.close();
    this.#hooks.closed(undefined);
    return true;
  }
}
