import { from, Subscription, type Observer } from 'rxjs';
import { isProtocolError, UsageError } from '../../operators/core/protocol-error.js';
import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import type { Http1Server } from '../connections/http1-server.js';
import type { Http1Request } from './http1-request.js';
import { answeredPlainly } from './answer-plain.js';
import { answerShort } from './answer-short.js';
import { composeInterim, composeResponse, composeUpgrade } from './response-head.js';
import type { RespondContext } from './respond-context.js';
import { ResponseBody } from './response-body.js';
import { isObservableInput, type HandlerResult, type ServerResponse } from './server-response.js';
import { runUpgraded } from './run-upgraded.js';

/** Who wants to know how a reply ended. */
export interface ReplyObserver {
  answered(): void;
  /** Nobody is left to answer. */
  cancelled(): void;
  failed(error: unknown): void;
}

/** The answer to one request where that takes more than one step: later, after others, in parts, or by another protocol. */
export class Reply implements Observer<ServerResponse> {
  readonly #context: RespondContext;
  readonly #exchange: ServerExchange;
  readonly #server: Http1Server;
  readonly #request: Http1Request;
  readonly #observer: ReplyObserver | undefined;
  /** Answered before its turn. */
  #waiting: ServerResponse[] | undefined = undefined;
  #handler: Subscription | undefined = undefined;
  #subscribing = false;
  #final = false;
  #over = false;
  #body: ResponseBody | undefined = undefined;

  constructor(
    context: RespondContext,
    exchange: ServerExchange,
    server: Http1Server,
    request: Http1Request,
    observer?: ReplyObserver,
  ) {
    this.#context = context;
    this.#exchange = exchange;
    this.#server = server;
    this.#request = request;
    this.#observer = observer;
    request.reply = this;
  }

  start(result: HandlerResult): void {
    if (typeof result !== 'object' || result === null || !isObservableInput(result)) return this.next(result);
    this.#subscribing = true;
    try {
      const subscription = from(result).subscribe(this);
      this.#handler = subscription;
    } catch (error) {
      this.fail(error);
    }
    this.#subscribing = false;
    if (this.#over) this.#handler?.unsubscribe();
  }

  // -- the handler's side ----------------------------------------------------------------------------------------------

  next(response: ServerResponse): void {
    if (this.#final) {
      this.#report(new UsageError('RESPONSE_TWICE', 'a request has one final response, and it was given'), true);
      return;
    }
    try {
      if (typeof response !== 'object' || response === null) {
        throw new UsageError('INVALID_RESPONSE', `a response is an object, not ${String(response)}`);
      }
      this.#final = isFinal(response);
      if (this.#over) return;
      if (this.#exchange.hasTurn) this.#write(response);
      else (this.#waiting ??= []).push(response);
    } catch (error) {
      this.fail(error);
    }
  }

  error(error: unknown): void {
    if (this.#final) this.#report(error, this.#exchange.headSent);
    else this.fail(error);
  }

  complete(): void {
    if (!this.#final) this.fail(new UsageError('NO_RESPONSE', 'the handler completed without a final response'));
  }

  /** Ends the request with 500, or where the head is out with the connection. */
  fail(error: unknown): void {
    if (this.#over) return;
    const sent = this.#exchange.headSent;
    this.#report(error, sent);
    this.#final = true;
    this.#waiting = undefined;
    this.#end();
    this.#observer?.failed(error);
    if (sent) this.#exchange.abort(error);
    else this.#answerFailure(statusFor(error));
  }

  // -- the exchange's side ---------------------------------------------------------------------------------------------

  turn(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    try {
      for (const response of waiting) this.#write(response);
    } catch (error) {
      this.fail(error);
    }
  }

  answered(): void {
    if (this.#over) return;
    this.#end();
    this.#observer?.answered();
  }

  cancelled(): void {
    if (this.#over) return;
    this.#end();
    this.#observer?.cancelled();
  }

  // --------------------------------------------------------------------------------------------------------------------

  #write(response: ServerResponse): void {
    const exchange = this.#exchange;
    if (response.upgraded !== undefined) return this.#upgrade(response);
    const { status } = response;
    if (status !== undefined && status < 200) {
      if (exchange.request?.version === '1.0') return; // it has no interim responses
      const head = composeInterim(response);
      if (status === 100) exchange.continue();
      else exchange.interim(head);
      return;
    }
    if (answeredPlainly(this.#context, exchange, response)) return;
    const composed = composeResponse(this.#context, exchange, response);
    if (composed.close) exchange.closeAfter();
    this.#body = new ResponseBody(exchange, composed, response.trailers, this.#context.maxQueued, (error) =>
      this.fail(error),
    );
    this.#body.start();
    if (this.#over) this.#body.stop();
  }

  #upgrade(response: ServerResponse): void {
    const head = composeUpgrade(this.#context, this.#exchange, response);
    this.#exchange.interim(head);
    const socket = this.#server.upgrade(this.#exchange);
    runUpgraded(response, socket, (error) => this.#report(error, true));
  }

  #answerFailure(status: number): void {
    const exchange = this.#exchange;
    if (exchange.hasTurn) answerShort(this.#context, exchange, status);
    else this.#waiting = [{ status }];
  }

  #report(error: unknown, sent: boolean): void {
    const { events } = this.#context;
    if (events.observed) events.emit({ type: 'handler-error', request: this.#request, error, sent });
  }

  #end(): void {
    this.#over = true;
    this.#body?.stop();
    if (!this.#subscribing) this.#handler?.unsubscribe();
  }
}

/** 101 is final on its connection, although it is in the class of the interim ones. */
function isFinal({ status = 200, upgraded }: ServerResponse): boolean {
  return upgraded !== undefined || status >= 200;
}

/** What the client did wrong and the handler passed on is told to the client; all else is our fault. */
function statusFor(error: unknown): number {
  if (!isProtocolError(error) || error.initiator !== 'remote') return 500;
  return error.wireCode >= 400 && error.wireCode < 500 ? error.wireCode : 500;
}
