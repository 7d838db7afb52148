import { EMPTY, type Observable } from 'rxjs';
import { ProtocolError, UsageError } from '../core/protocol-error.js';
import { UnicastSubject } from '../core/unicast-subject.js';
import type { Fields } from '../http/fields.js';
import type { DetachedSubject } from './detach.js';
import type { ExchangeOwner, RequestBodySink } from './exchange-owner.js';
import {
  FRAMING_CHUNKED,
  FRAMING_CLOSE,
  FRAMING_NONE,
  type RequestDecoder,
  type RequestHead,
} from './message-decoder.js';
import { BodyEncoder } from './message-encoder.js';
import { type ExchangeConnection, LeftConnection } from './left-connection.js';

export type { ExchangeOwner, RequestBodySink } from './exchange-owner.js';

/** One request and the place of its response on a {@link ServerConnection}. */
export class ServerExchange {
  connection: ExchangeConnection;
  /** Undefined where not even a head could be read. */
  readonly request: RequestHead | undefined;
  /** Some of the body may still come. */
  readonly hasBody: boolean;
  readonly contentLength: number;
  /** Coding under chunked that the data still has: `gzip`, `deflate` or none. */
  readonly transferCoding: string;
  /** Protocols asked for by `Upgrade`, or the empty string. */
  readonly upgrade: string;
  /** An `Expect` that is not understood, or the empty string. */
  readonly expectation: string;
  owner: ExchangeOwner | undefined = undefined;
  /** Set while the request is handed out, if at all. */
  bodySink: RequestBodySink | undefined = undefined;
  headSent = false;
  /** Complete, cancelled or detached: nothing more may be written. */
  over = false;
  /** The request has been read whole, or will not be: then `readError` says why. */
  read: boolean;
  readError: unknown = undefined;
  requestTrailers: Fields | undefined = undefined;
  /** Bytes of the body that have come, as they were sent. */
  receivedBytes = 0;
  #body: UnicastSubject<Uint8Array> | undefined = undefined;
  #encoder: BodyEncoder | undefined = undefined;
  #waitsForContinue: boolean;
  #continueOnTurn = false;
  /** Bytes of the body dropped since nobody wants it; -1 while somebody may. */
  #dropped = -1;
  #close: boolean;
  /** The end of the connection is the end of the response. */
  #endsWithConnection = false;

  constructor(connection: ExchangeConnection, request: RequestHead | undefined, decoder: RequestDecoder) {
    this.connection = connection;
    this.request = request;
    if (request === undefined) {
      this.hasBody = false;
      this.contentLength = -1;
      this.transferCoding = '';
      this.upgrade = '';
      this.expectation = '';
      this.#waitsForContinue = false;
      this.read = true;
      this.#close = true;
      return;
    }
    this.hasBody = decoder.contentLength > 0 || decoder.framing === FRAMING_CHUNKED;
    this.contentLength = decoder.contentLength;
    this.transferCoding = decoder.transferCoding;
    this.upgrade = decoder.upgrade;
    this.expectation = decoder.expectation;
    this.#waitsForContinue = decoder.expectContinue && this.hasBody;
    this.read = false;
    this.#close = !decoder.keepAlive || connection.exhausted;
  }

  /** This response is the last on its connection: ask before its head is composed. */
  get close(): boolean {
    // Whether a client that was not told to continue now sends its body is anybody's guess.
    return this.#close || (this.#waitsForContinue && !this.headSent) || this.connection.closesAfter(this);
  }

  /** Makes this response the last. */
  closeAfter(): void {
    this.#close = true;
  }

  /** All earlier responses are complete. */
  get hasTurn(): boolean {
    return this.connection.turn === this;
  }

  /** Somebody is reading the body. */
  get bodyWanted(): boolean {
    return !this.read && this.#dropped < 0 && (this.bodySink ?? this.#body)?.claimed === true;
  }

  /** The body would have to be dropped after an answer now, and is too long for it. */
  get bodyTooLong(): boolean {
    return this.contentLength > this.connection.maxDrain && !this.read && !this.bodyWanted;
  }

  /** The request body; the first subscription sends `100 Continue` where the client waits for it. */
  get body(): Observable<Uint8Array> {
    return this.hasBody ? this.#subject() : EMPTY;
  }

  /** Its turn has come. */
  turn(): void {
    if (this.#continueOnTurn) this.#sendContinue();
    this.owner?.turn();
  }

  /** Writes an interim response, or the head before {@link detach}: latin-1 text with its empty line. */
  interim(head: string, status = 0): void {
    if (this.over || this.headSent) return;
    if (status === 100) this.#waitsForContinue = false;
    this.connection.output.text(head);
    this.connection.flush();
  }

  /** Tells the client to send the body, if it waits and has not been told. */
  continue(): void {
    if (!this.#waitsForContinue || this.headSent || this.over) return;
    this.#waitsForContinue = false;
    if (this.hasTurn) this.#sendContinue();
    else this.#continueOnTurn = true;
  }

  /** Writes a whole response: `text` is the head with its empty line and as much of the body as is ASCII, then `bytes`. */
  whole(text: string, bytes: Uint8Array | undefined): void {
    if (this.over) return;
    this.#close = this.close;
    this.headSent = true;
    const { output } = this.connection;
    output.text(text);
    if (bytes !== undefined) output.bytes(bytes);
    this.connection.wrote(text.length + (bytes === undefined ? 0 : bytes.length));
    this.#answered();
  }

  /**
   * Writes the final head; with `FRAMING_NONE` that is all of the response. Nothing leaves before {@link data}, {@link end}
   * or {@link flush}.
   */
  head(head: string, framing: number, contentLength: number): void {
    if (this.over) return;
    this.#endsWithConnection = framing === FRAMING_CLOSE;
    this.#close = this.close || this.#endsWithConnection;
    this.headSent = true;
    this.connection.output.text(head);
    if (framing === FRAMING_NONE) this.#answered();
    else this.#encoder = new BodyEncoder(framing, contentLength);
  }

  flush(): void {
    this.connection.flush();
  }

  /** Writes response body bytes at once; holds the delivery on the stack while the way out is backed up. */
  data(chunk: Uint8Array, extension?: string): void {
    const encoder = this.#encoder;
    if (this.over || encoder === undefined || chunk.length === 0) return;
    encoder.sent(chunk.length);
    const { output } = this.connection;
    output.text(encoder.header(chunk.length, extension));
    output.bytes(chunk);
    output.flush();
    // Nothing else may come to tell that the peer is being waited for from now on.
    if (this.connection.checkAlive() && output.unsent > 0) this.connection.progress();
  }

  end(trailers?: Fields): void {
    if (this.over) return;
    if (this.#encoder) this.connection.output.text(this.#encoder.finish(trailers));
    this.#answered();
  }

  /** Leaves HTTP after the head of 101, or of 2xx to a CONNECT, was written with {@link interim}. */
  detach(): DetachedSubject {
    this.over = true;
    this.headSent = true;
    const socket = this.connection.detach();
    this.connection = new LeftConnection(this.connection.socket);
    this.owner?.answered();
    return socket;
  }

  /** The response cannot be finished: the connection ends, so that the client sees it cut. */
  abort(error: unknown): void {
    if (!this.over) this.connection.abort(error, this.#endsWithConnection);
  }

  /** The exchange is given up from the connection's side. */
  cancel(error: unknown): void {
    if (this.over) return;
    const cut = this.#readingFailed(error);
    this.over = true;
    this.owner?.cancelled(error);
    if (cut) this.#body?.error(this.readError); // whoever was to answer has let go of it by now
    this.#letGoOfBody();
  }

  /** Nobody wants the rest of the body: a bounded amount of it is read and dropped. */
  drain(): void {
    if (this.read || this.#dropped >= 0) return;
    this.#dropped = 0;
    (this.bodySink ?? this.#body)?.discard();
    if (this.contentLength > this.connection.maxDrain) this.connection.stopReading(this);
  }

  /** A piece of the request body has come. */
  received(chunk: Uint8Array, extension: string): void {
    this.#waitsForContinue = false; // it did not wait
    this.receivedBytes += chunk.length;
    if (this.#dropped < 0) {
      if (this.bodySink) this.bodySink.next(chunk, extension);
      else this.#subject().next(chunk);
      return;
    }
    this.#dropped += chunk.length;
    if (this.#dropped > this.connection.maxDrain) this.connection.stopReading(this);
  }

  bodyEnded(trailers: Fields | undefined): void {
    this.read = true;
    this.requestTrailers = trailers;
    if (this.hasBody) this.owner?.requestRead(undefined);
    this.#body?.complete();
  }

  bodyFailed(error: unknown): void {
    if (this.#readingFailed(error)) this.#body?.error(this.readError);
    this.#letGoOfBody();
  }

  /** What nobody has asked for by now is not worth the peer's waiting. */
  #letGoOfBody(): void {
    if (this.#body && !this.#body.claimed) this.#body.discard();
  }

  /** Whether there was something to fail. */
  #readingFailed(error: unknown): boolean {
    if (this.read) return false;
    this.read = true;
    if (!this.hasBody) return false;
    this.readError = error ?? new ProtocolError('CONNECTION_CLOSED', 'the connection ended before the body did');
    this.owner?.requestRead(this.readError);
    return true;
  }

  /** Takes the body back from its sink. @param queued what that has got and not used, as deliveries; it comes first */
  reclaim(queued: Observable<Uint8Array>): void {
    this.bodySink = undefined;
    const body = (this.#body = this.hasBody ? this.#newBody() : undefined);
    queued.subscribe((chunk) => body?.next(chunk));
    if (body) this.#settle(body);
  }

  #subject(): UnicastSubject<Uint8Array> {
    if (this.#body) return this.#body;
    const body = (this.#body = this.#newBody());
    this.#settle(body);
    return body;
  }

  #newBody(): UnicastSubject<Uint8Array> {
    const hooks = { claimed: () => this.continue(), cancelled: () => this.#unwanted() };
    return new UnicastSubject<Uint8Array>(hooks, this.contentLength);
  }

  #settle(body: UnicastSubject<Uint8Array>): void {
    if (this.readError !== undefined) body.error(this.readError);
    else if (this.#dropped >= 0)
      body.error(new UsageError('BODY_DROPPED', 'the request was answered without its body'));
    else if (this.read) body.complete();
  }

  #unwanted(): void {
    this.drain();
    this.connection.flush();
  }

  #answered(): void {
    this.over = true;
    this.connection.answered(this);
    this.#letGoOfBody();
    this.owner?.answered();
    this.connection.flush();
  }

  #sendContinue(): void {
    this.#continueOnTurn = false;
    this.interim('HTTP/1.1 100 Continue\r\n\r\n');
  }
}
