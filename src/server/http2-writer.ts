import { EMPTY, isObservable, Subscription, tap, type Observable } from 'rxjs';
import { writeBody } from '../../operators/body/write-body.js';
import { pullIterable } from '../../operators/core/pull.js';
import { isUsageError, UsageError } from '../../operators/core/protocol-error.js';
import type { Fields } from '../../operators/http/fields.js';
import { checkTrailer } from '../../operators/http1/write-body.js';
import { Http2ErrorCode } from '../../operators/http2/error-code.js';
import { streamDuplex } from '../../operators/http2/stream-duplex.js';
import type { Http2Stream } from '../../operators/http2/stream.js';
import type { SocketInfo } from '../sockets/byte-duplex.js';
import { DeclaredLength } from '../connections/declared-length.js';
import { composeHttp2Interim, composeHttp2Response, withoutConnection } from './http2-head.js';
import type { RespondContext } from './respond-context.js';
import type { ResponseWriter, WriterOwner } from './response-writer.js';
import { runUpgraded } from './run-upgraded.js';
import type { ServerResponse } from './server-response.js';
import { slices } from './slices.js';
import { whenTrailers, type Trailers } from './trailers.js';

/** What a writer has to know of the request it answers. */
export interface AnsweredRequest {
  readonly method: string;
  /** Protocol of an extended CONNECT, or the empty string. */
  readonly upgrade: string;
  readonly body: Observable<Uint8Array>;
  readonly connection: SocketInfo;
  headSent: boolean;
  /** Its answer was cut by us, which the stream does not tell. */
  aborted?(error: unknown): void;
}

const WHOLE = 131_072;

/** Responses on one stream of HTTP/2. */
export class Http2Writer implements ResponseWriter {
  owner: WriterOwner | undefined = undefined;
  readonly #context: RespondContext;
  readonly #stream: Http2Stream;
  readonly #request: AnsweredRequest;
  readonly #writing = new Subscription();

  constructor(context: RespondContext, stream: Http2Stream, request: AnsweredRequest) {
    this.#context = context;
    this.#stream = stream;
    this.#request = request;
  }

  get hasTurn(): boolean {
    return true;
  }

  get headSent(): boolean {
    return this.#request.headSent;
  }

  write(response: ServerResponse): void {
    if (response.upgraded !== undefined) return this.#upgrade(response);
    const { status = 200 } = response;
    if (status < 200) {
      if (!this.#stream.localEnded) this.#head(status, composeHttp2Interim(response), false);
      return;
    }
    this.#prioritize(response);
    const { fields, plan, contentLength } = composeHttp2Response(this.#context, this.#request.method, response);
    if (this.#stream.localEnded) return;
    const { trailers } = response;
    if (plan === undefined) {
      if (trailers === undefined || this.#request.method === 'HEAD') return this.#head(status, fields, true);
      this.#head(status, fields, false);
      return this.#end(trailers);
    }
    const { bytes } = plan;
    if (bytes !== undefined && bytes.length <= WHOLE) {
      this.#head(status, fields, bytes.length === 0 && trailers === undefined);
      this.#stream.data(bytes);
      return this.#end(trailers);
    }
    const stream = bytes === undefined ? plan.stream : pullIterable(slices(bytes));
    this.#body(status, fields, stream as Observable<Uint8Array>, trailers, contentLength);
  }

  short(status: number): void {
    const { date } = this.#context;
    const list = date.value === '' ? [] : ['date', date.value];
    if (this.#stream.localEnded) return;
    this.#request.headSent = true;
    try {
      this.#stream.headers([...list, 'content-length', '0'], [':status', String(status)], true);
    } catch (error) {
      // Not even this fits into what the client says it takes.
      if (!isUsageError(error)) throw error;
      this.#stream.resetProvoked(Http2ErrorCode.INTERNAL_ERROR);
    }
  }

  abort(error: unknown): void {
    this.#stream.reset(Http2ErrorCode.INTERNAL_ERROR);
    this.#request.aborted?.(error);
  }

  stop(): void {
    this.#writing.unsubscribe();
  }

  #head(status: number, fields: Fields, endStream: boolean): void {
    this.#stream.headers(fields, [':status', String(status)], endStream);
    if (status >= 200) this.#request.headSent = true;
  }

  /** The head goes out with the first of the body: one that fails at once can still be answered with an error. */
  #body(
    status: number,
    fields: Fields,
    body: Observable<Uint8Array>,
    trailers: Trailers | undefined,
    contentLength: number,
  ): void {
    const { maxQueued } = this.#context;
    const begin = (): void => {
      if (!this.headSent && !this.#stream.localEnded) this.#head(status, fields, false);
    };
    const length = new DeclaredLength(contentLength);
    const send = (chunk: Uint8Array): void => {
      length.add(chunk.length);
      begin();
      this.#stream.data(chunk);
    };
    let failed = false;
    const fail = (error: unknown): void => {
      failed = true;
      this.owner?.fail(error);
    };
    this.#writing.add(
      writeBody(body, { next: send }, maxQueued === undefined ? {} : { maxQueued }).subscribe({
        error: fail,
        complete: () => {
          try {
            length.end();
            begin();
            this.#end(trailers);
          } catch (error) {
            fail(error);
          }
        },
      }),
    );
    if (!failed) begin();
    if (this.owner?.over === true) this.stop();
  }

  #end(given: Trailers | undefined): void {
    const end = (trailers?: Fields): void => {
      trailers?.forEach(checkTrailer);
      this.#stream.end(trailers);
    };
    this.#writing.add(whenTrailers(given, end, (error) => this.owner?.fail(error)));
  }

  #prioritize({ priority }: ServerResponse): void {
    if (priority === undefined) return;
    if (!isObservable(priority)) return this.#stream.reprioritize(priority);
    this.#writing.add(
      priority.pipe(tap((changed) => this.#stream.reprioritize(changed))).subscribe({
        error: (error: unknown) => this.owner?.report(error, this.headSent),
      }),
    );
  }

  /** 2xx to CONNECT: what follows on the stream are bytes (RFC 9113 §8.5, RFC 8441 §5). */
  #upgrade(response: ServerResponse): void {
    const { status = 200, body } = response;
    const { method, connection } = this.#request;
    if (method !== 'CONNECT' || status < 200 || status > 299) {
      throw new UsageError('NOT_UPGRADABLE', `${status} does not take this request out of HTTP`);
    }
    if (body !== undefined && body !== EMPTY) throw new UsageError('BODY_NOT_ALLOWED', 'what follows is not a body');
    this.#head(status, withoutConnection(response), false);
    const socket = streamDuplex(this.#stream, this.#request.body, connection);
    runUpgraded(response, socket, (error) => this.owner?.report(error, true));
  }
}
