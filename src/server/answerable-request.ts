import { Observable } from 'rxjs';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { RequestHead } from '../../operators/http1/message-decoder.js';
import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import type { Http1Server } from '../connections/http1-server.js';
import { Http1Request } from './http1-request.js';
import { Reply } from './reply.js';
import type { RespondContext } from './respond-context.js';
import type { AnswerableRequest } from './server-request.js';
import type { HandlerResult } from './server-response.js';

/** A request over HTTP/1 that is answered through itself. */
export class AnswerableHttp1Request extends Http1Request implements AnswerableRequest {
  readonly #context: RespondContext;
  readonly #answering: ServerExchange;
  readonly #server: Http1Server;
  #answered = false;

  constructor(id: number, exchange: ServerExchange, server: Http1Server, context: RespondContext) {
    super(id, exchange, exchange.request as RequestHead);
    this.#context = context;
    this.#answering = exchange;
    this.#server = server;
  }

  respond(response: HandlerResult): Observable<void> {
    return new Observable((subscriber) => {
      if (this.#answered) throw new UsageError('RESPONSE_TWICE', 'this request has been answered');
      this.#answered = true;
      if (this.#answering.over) {
        subscriber.complete(); // nobody is left to answer
        return undefined;
      }
      const reply = new Reply(this.#context, this.#answering, this.#server, this, {
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
