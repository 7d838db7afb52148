import { Observable } from 'rxjs';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { RequestHead } from '../../operators/http1/message-decoder.js';
import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import type { DecodedHead } from '../../operators/http2/head-reader.js';
import type { Http2Stream } from '../../operators/http2/stream.js';
import type { Http1Carrier, Http2Carrier } from './carrier.js';
import { Http1Request } from './http1-request.js';
import { Http1Writer } from './http1-writer.js';
import { Http2Request } from './http2-request.js';
import { Http2Writer } from './http2-writer.js';
import { Reply, type ReplyRequest } from './reply.js';
import type { RespondContext } from './respond-context.js';
import type { ResponseWriter } from './response-writer.js';
import type { AnswerableRequest } from './server-request.js';
import type { HandlerResult } from './server-response.js';

/** What a request that is answered through itself is answered with. */
class Answering {
  readonly #context: RespondContext;
  readonly #request: ReplyRequest;
  readonly #writer: ResponseWriter;
  readonly #over: () => boolean;
  #answered = false;

  /** @param over nobody is left to answer */
  constructor(context: RespondContext, request: ReplyRequest, writer: ResponseWriter, over: () => boolean) {
    this.#context = context;
    this.#request = request;
    this.#writer = writer;
    this.#over = over;
  }

  respond(response: HandlerResult): Observable<void> {
    return new Observable((subscriber) => {
      if (this.#answered) throw new UsageError('RESPONSE_TWICE', 'this request has been answered');
      this.#answered = true;
      if (this.#over()) {
        subscriber.complete();
        return undefined;
      }
      const reply = new Reply(this.#context, this.#writer, this.#request, {
        answered: () => {
          subscriber.next();
          subscriber.complete();
        },
        cancelled: () => subscriber.complete(),
        failed: (error) => subscriber.error(error),
      });
      reply.start(response);
      return () => reply.fail(new UsageError('RESPONSE_ABANDONED', 'unsubscribed before the response was written'));
    });
  }
}

/** A request over HTTP/1 that is answered through itself. */
export class AnswerableHttp1Request extends Http1Request implements AnswerableRequest {
  readonly #answering: Answering;

  constructor(id: number, exchange: ServerExchange, server: Http1Carrier, context: RespondContext) {
    super(id, exchange, exchange.request as RequestHead);
    const writer = new Http1Writer(context, exchange, server);
    this.#answering = new Answering(context, this, writer, () => exchange.over);
  }

  respond(response: HandlerResult): Observable<void> {
    return this.#answering.respond(response);
  }
}

/** A request over HTTP/2 that is answered through itself. */
export class AnswerableHttp2Request extends Http2Request implements AnswerableRequest {
  readonly #answering: Answering;

  constructor(
    id: number,
    stream: Http2Stream,
    head: DecodedHead,
    ends: boolean,
    server: Http2Carrier,
    context: RespondContext,
  ) {
    super(id, stream, head, ends, server, context);
    this.#answering = new Answering(context, this, new Http2Writer(context, stream, this), () => stream.closed);
  }

  respond(response: HandlerResult): Observable<void> {
    return this.#answering.respond(response);
  }
}
