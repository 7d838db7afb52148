import { EMPTY, Observable, Subject, type Subscriber } from 'rxjs';
import { ProtocolError, UsageError } from '../../operators/core/protocol-error.js';
import { UnicastSubject } from '../../operators/core/unicast-subject.js';
import { Fields } from '../../operators/http/fields.js';
import { Http2ErrorCode } from '../../operators/http2/error-code.js';
import type { DecodedHead } from '../../operators/http2/head-reader.js';
import type { RequestControl } from '../../operators/http2/request-rules.js';
import type { Http2Stream, StreamSink } from '../../operators/http2/stream.js';
import type { Address, SocketInfo, TlsInfo } from '../sockets/byte-duplex.js';
import { infoOf } from '../sockets/socket-info.js';
import type { Http2Carrier } from './carrier.js';
import { push } from './push.js';
import type { Reply, ReplyRequest } from './reply.js';
import type { RespondContext } from './respond-context.js';
import type { PushedRequest } from './server-request.js';
import type { ServerResponse } from './server-response.js';

const CONTINUE: readonly string[] = Object.freeze([':status', '100']);
const NO_FIELDS: readonly string[] = Object.freeze([]);
/** A body that nobody reads and that is longer than this is stopped; what is shorter is let come, and dropped. Bytes. */
const MOST_UNWANTED = 65_536;

/** A request over HTTP/2; nothing is made before it is asked for. */
export class Http2Request implements ReplyRequest, StreamSink {
  readonly id: number;
  /** @internal What answers it, where that takes more than one step. */
  reply: Reply | undefined = undefined;
  /** @internal The final head is out. */
  headSent = false;
  readonly #stream: Http2Stream;
  readonly #head: DecodedHead;
  readonly #server: Http2Carrier;
  readonly #context: RespondContext;
  readonly #hasBody: boolean;
  #fields: Fields | undefined = undefined;
  #body: UnicastSubject<Uint8Array> | undefined = undefined;
  #read: boolean;
  #failure: unknown = undefined;
  #trailerFields: Fields | undefined = undefined;
  #waiting: Set<Subscriber<Fields>> | undefined = undefined;
  #cancelled: Subject<void> | undefined = undefined;
  #wasCancelled = false;
  #unwanted = false;
  #answered = false;

  /** @param ends there is no body */
  constructor(
    id: number,
    stream: Http2Stream,
    head: DecodedHead,
    ends: boolean,
    server: Http2Carrier,
    context: RespondContext,
  ) {
    this.id = id;
    this.#context = context;
    this.#stream = stream;
    this.#head = head;
    this.#server = server;
    this.#hasBody = !ends;
    this.#read = ends;
    stream.sink = this;
  }

  get #control(): RequestControl {
    return this.#head.request as RequestControl;
  }

  get method(): string {
    return this.#control.method;
  }

  get target(): string {
    return this.#control.path ?? this.authority;
  }

  get path(): string {
    return this.#control.path ?? '';
  }

  get url(): URL {
    const { path } = this;
    const authority = this.authority || 'localhost';
    try {
      return new URL(`${this.scheme}://${authority}${path === '*' ? '' : path}`);
    } catch (cause) {
      throw new ProtocolError('BAD_HOST', 'the request is for no URL', { scope: 'message', wireCode: 400, cause });
    }
  }

  get authority(): string {
    return this.#control.authority ?? this.fields.get('host') ?? '';
  }

  get scheme(): 'http' | 'https' {
    return this.tls ? 'https' : 'http';
  }

  get claimedScheme(): string | undefined {
    return this.#control.scheme;
  }

  get fields(): Fields {
    return (this.#fields ??= this.#head.fields());
  }

  get version(): '2' {
    return '2';
  }

  get body(): Observable<Uint8Array> {
    return this.#hasBody ? this.#subject() : EMPTY;
  }

  get received(): number {
    return this.#stream.received;
  }

  get trailers(): Observable<Fields> {
    return new Observable((subscriber) => {
      if (!this.#read) {
        const waiting = (this.#waiting ??= new Set());
        waiting.add(subscriber);
        return () => waiting.delete(subscriber);
      }
      this.#tellTrailers(subscriber);
      return undefined;
    });
  }

  get remote(): Address {
    return this.connection.remote;
  }

  get local(): Address {
    return this.connection.local;
  }

  get tls(): TlsInfo | undefined {
    return this.connection.tls;
  }

  get connection(): SocketInfo {
    return infoOf(this.#server.socket.info);
  }

  get upgrade(): string {
    return this.#control.protocol ?? '';
  }

  get cancelled$(): Observable<void> {
    return new Observable((subscriber) => {
      if (!this.#stream.localEnded && !this.#wasCancelled) {
        return (this.#cancelled ??= new Subject<void>()).subscribe(subscriber);
      }
      if (this.#wasCancelled) subscriber.next();
      subscriber.complete();
      return undefined;
    });
  }

  push(request: PushedRequest, response: ServerResponse): boolean {
    return push(this.#context, this.#server, this.#stream, this, request, response);
  }

  toString(): string {
    return `${this.method} ${this.target}`;
  }

  /** @internal The response has been written whole. */
  sent(): void {
    this.reply?.answered();
    this.#cancelled?.complete();
    this.#answered = true;
    if (this.#hasBody && !this.#read && (this.#unwanted || this.#body?.claimed !== true)) this.letGo();
  }

  /** @internal Nobody reads the rest of the body. */
  letGo(): void {
    this.#unwanted = true;
    if (this.#answered) this.#stopLong();
    this.#body?.discard();
  }

  /**
   * Tells a client that has its answer not to send the rest (RFC 9113 §8.1). A short one may be on its way already: it ends
   * the stream as it should, and what is wrong with it is still said.
   */
  #stopLong(): void {
    const { declared, received } = this.#stream;
    const rest = declared < 0 ? received : declared - received;
    const waits = received === 0 && this.#expectsContinue;
    if (rest > MOST_UNWANTED || waits || this.#server.connection.state !== 'open') {
      this.#stream.reset(Http2ErrorCode.NO_ERROR);
    }
  }

  get #expectsContinue(): boolean {
    return this.fields.get('expect')?.toLowerCase() === '100-continue';
  }

  // -- the stream's side -----------------------------------------------------------------------------------------------

  /** @internal */
  informational(): void {}

  /** @internal */
  response(): void {}

  /** @internal */
  next(chunk: Uint8Array): void {
    if (!this.#unwanted) this.#subject().next(chunk);
    else if (this.#answered) this.#stopLong();
  }

  /** @internal */
  ended(trailers: Fields | undefined): void {
    this.#trailerFields = trailers;
    this.#finishReading();
    this.#body?.complete();
  }

  /** @internal */
  released(): void {}

  /** @internal */
  failed(error: unknown): void {
    const cut = !this.#read;
    if (cut) {
      this.#failure = error;
      this.#finishReading();
    }
    this.#wasCancelled = true;
    this.reply?.cancelled();
    this.#cancelled?.next();
    this.#cancelled?.complete();
    if (cut) this.#body?.error(error);
    if (this.#body?.claimed === false) this.#body.discard();
  }

  /** @internal */
  aborted(error: unknown): void {
    if (!this.#wasCancelled) this.failed(error);
  }

  // --------------------------------------------------------------------------------------------------------------------

  #subject(): UnicastSubject<Uint8Array> {
    if (this.#body) return this.#body;
    const hooks = { claimed: () => this.#claimed(), cancelled: () => this.letGo() };
    const body = new UnicastSubject<Uint8Array>(hooks, this.#stream.declared);
    this.#body = body;
    if (this.#failure !== undefined) body.error(this.#failure);
    else if (this.#unwanted) body.error(new UsageError('BODY_DROPPED', 'the request was answered without its body'));
    else if (this.#read) body.complete();
    return body;
  }

  #claimed(): void {
    if (this.#read || this.#stream.received > 0 || this.headSent) return;
    if (this.#expectsContinue) this.#stream.headers(NO_FIELDS, CONTINUE);
  }

  #finishReading(): void {
    this.#read = true;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) for (const subscriber of waiting) this.#tellTrailers(subscriber);
  }

  #tellTrailers(subscriber: Subscriber<Fields>): void {
    if (this.#failure !== undefined) return subscriber.error(this.#failure);
    subscriber.next(this.#trailerFields ?? new Fields());
    subscriber.complete();
  }
}
