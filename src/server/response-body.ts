import { Subscription, type Observable } from 'rxjs';
import { writeBody } from '../../operators/body/write-body.js';
import { pullIterable } from '../../operators/core/pull.js';
import type { Fields } from '../../operators/http/fields.js';
import { FRAMING_CHUNKED, FRAMING_LENGTH, FRAMING_NONE } from '../../operators/http1/message-decoder.js';
import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import { deflateTransferCoding, gzipTransferCoding } from '../../operators/http1/transfer-coding.js';
import type { ComposedResponse } from './response-head.js';
import { slices } from './slices.js';
import { whenTrailers, type Trailers } from './trailers.js';

/** Bodies up to here are written with their head. Bytes. */
const WHOLE = 131_072;

/** Writes a composed response: the head with the first of the body, then the body as the client takes it, then trailers. */
export class ResponseBody {
  readonly #exchange: ServerExchange;
  readonly #response: ComposedResponse;
  readonly #trailers: Trailers | undefined;
  readonly #maxQueued: number | undefined;
  readonly #failed: (error: unknown) => void;
  readonly #writing = new Subscription();
  #headWritten = false;
  #corked = false;
  #failure: { readonly error: unknown } | undefined = undefined;

  constructor(
    exchange: ServerExchange,
    response: ComposedResponse,
    trailers: Trailers | undefined,
    maxQueued: number | undefined,
    failed: (error: unknown) => void,
  ) {
    this.#exchange = exchange;
    this.#response = response;
    this.#trailers = trailers;
    this.#maxQueued = maxQueued;
    this.#failed = failed;
  }

  start(): void {
    const { head, framing, plan } = this.#response;
    const exchange = this.#exchange;
    if (framing === FRAMING_NONE) {
      this.#head();
      return;
    }
    const bytes = plan?.bytes;
    if (framing === FRAMING_LENGTH && (bytes === undefined ? plan === undefined : bytes.length <= WHOLE)) {
      exchange.whole(head, bytes);
      return;
    }
    const stream = bytes === undefined ? this.#source() : pullIterable(slices(bytes));
    if (stream === undefined) this.#end();
    else this.#stream(stream);
  }

  stop(): void {
    this.#writing.unsubscribe();
  }

  /** A file is read into memory that is used again, where the socket tells when it has left and nobody stands in between. */
  #source(): Observable<Uint8Array> | undefined {
    const { plan, coding } = this.#response;
    const { socket } = this.#exchange.connection;
    return plan?.lend === undefined || coding !== '' ? plan?.stream : plan.lend(() => socket.settled === true);
  }

  #stream(stream: Observable<Uint8Array>): void {
    const { coding } = this.#response;
    const { socket } = this.#exchange.connection;
    let coded = stream;
    if (coding === 'gzip') coded = stream.pipe(gzipTransferCoding());
    else if (coding === 'deflate') coded = stream.pipe(deflateTransferCoding());
    const config = this.#maxQueued === undefined ? {} : { maxQueued: this.#maxQueued };
    socket.cork();
    this.#corked = true;
    try {
      this.#writing.add(
        writeBody(coded, { next: (chunk) => this.#data(chunk) }, config).subscribe({
          error: (error: unknown) => this.#fail(error),
          complete: () => this.#end(),
        }),
      );
      if (!this.#failure && !this.#writing.closed) this.#head();
      this.#exchange.flush();
    } finally {
      this.#corked = false;
      socket.uncork();
    }
    if (this.#failure) this.#failed(this.#failure.error);
  }

  /** Not while the socket is corked: what is there of the body leaves before the connection does. */
  #fail(error: unknown): void {
    if (this.#corked) this.#failure = { error };
    else this.#failed(error);
  }

  /** Only now: a body that fails at once can still be answered with an error. */
  #head(): void {
    if (this.#headWritten || this.#exchange.over) return;
    this.#headWritten = true;
    const { head, framing, contentLength } = this.#response;
    this.#exchange.head(head, framing, contentLength);
  }

  #data(chunk: Uint8Array): void {
    this.#head();
    this.#exchange.data(chunk);
  }

  #end(): void {
    try {
      this.#head();
      const given = this.#response.framing === FRAMING_CHUNKED ? this.#trailers : undefined;
      const end = (trailers?: Fields): void => this.#exchange.end(trailers);
      this.#writing.add(whenTrailers(given, end, (error) => this.#fail(error)));
    } catch (error) {
      this.#fail(error);
    }
  }
}
