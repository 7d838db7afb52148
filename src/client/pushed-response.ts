import { AsyncSubject, Observable } from 'rxjs';
import { UnicastSubject } from '../../operators/core/unicast-subject.js';
import { Fields } from '../../operators/http/fields.js';
import { Http2ErrorCode } from '../../operators/http2/error-code.js';
import type { DecodedHead } from '../../operators/http2/head-reader.js';
import type { RequestControl } from '../../operators/http2/request-rules.js';
import type { Http2Stream, StreamSink } from '../../operators/http2/stream.js';
import type { SocketInfo } from '../sockets/byte-duplex.js';
import type { Informational } from './exchange-event.js';
import type { ExchangeSink } from './lease.js';
import type { RequestConfig } from './request-config.js';
import type { Response } from './response.js';

/**
 * Tells of a push (RFC 9113 §8.4). Its response comes through an Observable; where nobody has subscribed to that by the time
 * the listener returns, the push is refused.
 */
export function receivePush(sink: ExchangeSink, stream: Http2Stream, head: DecodedHead, connection: SocketInfo): void {
  const { method, scheme, authority, path } = head.request as RequestControl;
  const request = { url: `${scheme}://${authority}${path}`, method, headers: head.fields() };
  const pushed = new PushedSink(stream, request, connection, sink);
  stream.sink = pushed;
  sink.listener?.({ type: 'push', request, response: pushed.response$ });
  if (!pushed.wanted) stream.reset(Http2ErrorCode.CANCEL);
}

/** Takes the response on a promised stream and makes a {@link Response} of it. */
class PushedSink implements StreamSink {
  readonly response$: Observable<Response>;
  /** Somebody has asked for the response. */
  wanted = false;
  #answered = false;
  readonly #request: RequestConfig;
  readonly #connection: SocketInfo;
  readonly #parent: ExchangeSink;
  readonly #informational: Informational[] = [];
  readonly #head = new AsyncSubject<Response>();
  readonly #trailers = new AsyncSubject<Fields>();
  readonly #body: UnicastSubject<Uint8Array>;

  constructor(stream: Http2Stream, request: RequestConfig, connection: SocketInfo, parent: ExchangeSink) {
    this.#parent = parent;
    this.#request = request;
    this.#connection = connection;
    this.#body = new UnicastSubject<Uint8Array>({ cancelled: () => stream.reset(Http2ErrorCode.CANCEL) });
    this.response$ = new Observable((subscriber) => {
      this.wanted = true;
      subscriber.add(this.#head.subscribe(subscriber));
      subscriber.add(() => {
        if (!this.#answered && !this.#head.observed) stream.reset(Http2ErrorCode.CANCEL); // all have left
      });
    });
  }

  informational(status: number, fields: Fields): void {
    this.#informational.push({ status, fields });
  }

  response(status: number, fields: Fields): void {
    this.#answered = true;
    this.#head.next({
      status,
      reason: '',
      fields,
      decoded: false,
      version: '2',
      url: String(this.#request.url),
      body: this.#body,
      trailers: this.#trailers.asObservable(),
      informational: this.#informational,
      request: this.#request,
      connection: this.#connection,
      upgraded: undefined,
      reissue: (request) => this.#parent.reissue(request),
    });
    this.#head.complete();
  }

  next(chunk: Uint8Array): void {
    this.#body.next(chunk);
  }

  ended(trailers: Fields | undefined): void {
    this.#trailers.next(trailers ?? new Fields());
    this.#trailers.complete();
    this.#body.complete();
  }

  released(): void {}

  sent(): void {}

  failed(error: unknown): void {
    this.#head.error(error);
    this.#trailers.error(error);
    this.#body.error(error);
  }
}
