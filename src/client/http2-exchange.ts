import { isObservable, type Observable, type Subscription } from 'rxjs';
import { ProtocolError } from '../../operators/core/protocol-error.js';
import { UnicastSubject } from '../../operators/core/unicast-subject.js';
import type { Fields } from '../../operators/http/fields.js';
import { checkTrailer } from '../../operators/http1/write-body.js';
import type { Http2Connection } from '../../operators/http2/connection.js';
import { Http2ErrorCode } from '../../operators/http2/error-code.js';
import { priorityUpdateFrame } from '../../operators/http2/frames/priority-update-frame.js';
import { formatPriorityField, type Priority } from '../../operators/http2/priority-field.js';
import { streamDuplex } from '../../operators/http2/stream-duplex.js';
import type { Http2Stream, StreamSink } from '../../operators/http2/stream.js';
import { DeclaredLength } from '../connections/declared-length.js';
import type { Http2RequestHead } from './http2-head.js';
import type { ExchangeSink, OutboundRequest } from './lease.js';
import type { RequestConfig } from './request-config.js';

/** One request on a stream, between the stream and the exchange it belongs to. */
export class Http2Exchange implements OutboundRequest, StreamSink {
  readonly sink: ExchangeSink;
  answered = false;
  over = false;
  readonly #connection: Http2Connection;
  readonly #head: Http2RequestHead;
  #length: DeclaredLength | undefined = undefined;
  #stream: Http2Stream | undefined = undefined;
  #tunnel: UnicastSubject<Uint8Array> | undefined = undefined;
  #priorities: Subscription | undefined = undefined;
  #hasBody = false;
  readonly #finished: () => void;

  /** @param finished the response is complete */
  constructor(connection: Http2Connection, sink: ExchangeSink, head: Http2RequestHead, finished: () => void) {
    this.#connection = connection;
    this.sink = sink;
    this.#head = head;
    this.#finished = finished;
  }

  get consumerHolds(): boolean {
    return this.#stream !== undefined && this.#stream.held > 0;
  }

  get unsent(): number {
    return (this.#stream?.queued ?? 0) > 0 ? this.#connection.unsent : 0;
  }

  /** The stream has been opened with this head. */
  begun(stream: Http2Stream, { priority }: RequestConfig): void {
    this.#stream = stream;
    stream.bodiless = this.#head.method === 'HEAD';
    stream.tunnel = this.#head.method === 'CONNECT';
    if (priority !== undefined && isObservable(priority)) this.#follow(priority, stream);
  }

  data(chunk: Uint8Array): void {
    if (this.over || chunk.length === 0) return;
    (this.#length ??= new DeclaredLength(this.#head.contentLength)).add(chunk.length);
    this.#stream?.data(chunk);
  }

  end(trailers?: Fields): void {
    if (this.over) return;
    (this.#length ??= new DeclaredLength(this.#head.contentLength)).end();
    trailers?.forEach(checkTrailer);
    this.#stream?.end(trailers);
  }

  cancel(): void {
    if (this.over) return;
    this.#leave();
    this.#stream?.reset(Http2ErrorCode.CANCEL);
  }

  // -- the stream's side -----------------------------------------------------------------------------------------------

  informational(status: number, fields: Fields): void {
    this.answered = true;
    this.sink.informational({ status, reason: '', version: '2', fields });
  }

  response(status: number, fields: Fields, endStream: boolean): void {
    this.answered = true;
    const tunnel = this.#head.method === 'CONNECT' && status < 300;
    this.#hasBody = !endStream;
    const { declared } = this.#stream as Http2Stream;
    this.sink.head({ status, reason: '', version: '2', fields }, endStream ? 0 : 1, '', declared);
    if (tunnel) this.#detach();
    else if (!this.over) this.sink.progress();
  }

  next(chunk: Uint8Array): void {
    if (this.#tunnel !== undefined) return this.#tunnel.next(chunk);
    this.sink.data(chunk);
    if (!this.over) this.sink.progress();
  }

  ended(trailers: Fields | undefined): void {
    if (this.#tunnel !== undefined) return this.#tunnel.complete();
    if (this.over) return;
    if (this.#hasBody) this.sink.settle();
    this.#leave();
    this.#finished();
    this.sink.end(trailers); // whoever sends stops now: what he held is let go by the reset
    // Half a request that nobody waits for any more.
    if (this.#stream?.localEnded === false) this.#stream.reset(Http2ErrorCode.NO_ERROR);
  }

  released(): void {
    if (!this.over) this.sink.released();
  }

  sent(): void {}

  failed(error: unknown): void {
    if (this.#tunnel !== undefined) return this.#tunnel.error(error);
    if (this.over) return;
    this.#leave();
    this.sink.failed(error);
  }

  // --------------------------------------------------------------------------------------------------------------------

  #leave(): void {
    this.over = true;
    this.#priorities?.unsubscribe();
  }

  /** 2xx to CONNECT: what follows are bytes, and the stream goes on without the exchange. */
  #detach(): void {
    const stream = this.#stream as Http2Stream;
    const bytes = new UnicastSubject<Uint8Array>({ cancelled: () => stream.reset(Http2ErrorCode.CANCEL) });
    this.#tunnel = bytes;
    this.over = true;
    this.sink.upgraded(streamDuplex(stream, bytes, this.#connection.socket.info));
  }

  #follow(priority: Observable<Priority>, stream: Http2Stream): void {
    this.#priorities = priority.subscribe({
      next: (changed) => {
        if (!stream.closed) this.#connection.write(priorityUpdateFrame(stream.id, formatPriorityField(changed)));
      },
      error: (error: unknown) => this.#fail(error),
    });
  }

  #fail(error: unknown): void {
    if (this.over) return;
    this.#leave();
    this.sink.failed(error);
    this.#stream?.reset(Http2ErrorCode.CANCEL);
  }
}

/** The server does not allow extended CONNECT (RFC 8441 §3). */
export function noExtendedConnect(): ProtocolError {
  return new ProtocolError('EXTENDED_CONNECT_REFUSED', 'the server does not allow extended CONNECT', {
    scope: 'message',
  });
}
