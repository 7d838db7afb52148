import { from, type Subscription, type Observer } from 'rxjs';
import { UsageError } from '../../operators/core/protocol-error.js';
import { failureStatus } from './failure-status.js';
import type { RespondContext } from './respond-context.js';
import type { ResponseWriter, WriterOwner } from './response-writer.js';
import type { ServerRequest } from './server-request.js';
import { isFinal, isObservableInput, type HandlerResult, type ServerResponse } from './server-response.js';

/** Who wants to know how a reply ended. */
export interface ReplyObserver {
  answered(): void;
  /** Nobody is left to answer. */
  cancelled(): void;
  failed(error: unknown): void;
}

/** A request that is told by its reply what becomes of it. */
export interface ReplyRequest extends ServerRequest {
  reply: Reply | undefined;
}

/** The answer to one request where that takes more than one step: later, after others, in parts, or by another protocol. */
export class Reply implements Observer<ServerResponse>, WriterOwner {
  readonly #context: RespondContext;
  readonly #writer: ResponseWriter;
  readonly #request: ServerRequest;
  readonly #observer: ReplyObserver | undefined;
  /** Answered before its turn. */
  #waiting: ServerResponse[] | undefined = undefined;
  #handler: Subscription | undefined = undefined;
  #subscribing = false;
  #final = false;
  #over = false;

  constructor(context: RespondContext, writer: ResponseWriter, request: ReplyRequest, observer?: ReplyObserver) {
    this.#context = context;
    this.#writer = writer;
    this.#request = request;
    this.#observer = observer;
    writer.owner = this;
    request.reply = this;
  }

  get over(): boolean {
    return this.#over;
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
      this.report(new UsageError('RESPONSE_TWICE', 'a request has one final response, and it was given'), true);
      return;
    }
    try {
      if (typeof response !== 'object' || response === null) {
        throw new UsageError('INVALID_RESPONSE', `a response is an object, not ${String(response)}`);
      }
      this.#final = isFinal(response);
      if (this.#over) return;
      if (this.#writer.hasTurn) this.#writer.write(response);
      else (this.#waiting ??= []).push(response);
    } catch (error) {
      this.fail(error);
    }
  }

  error(error: unknown): void {
    if (this.#final) this.report(error, this.#writer.headSent);
    else this.fail(error);
  }

  complete(): void {
    if (!this.#final) this.fail(new UsageError('NO_RESPONSE', 'the handler completed without a final response'));
  }

  /** Ends the request with 500, or where the head is out with the connection. */
  fail(error: unknown): void {
    if (this.#over) return;
    const sent = this.#writer.headSent;
    this.report(error, sent);
    this.#final = true;
    this.#waiting = undefined;
    this.#end();
    this.#observer?.failed(error);
    if (sent) this.#writer.abort(error);
    else this.#answerFailure(failureStatus(error));
  }

  // -- the exchange's side ---------------------------------------------------------------------------------------------

  turn(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    try {
      for (const response of waiting) this.#writer.write(response);
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

  #answerFailure(status: number): void {
    if (this.#writer.hasTurn) this.#writer.short(status);
    else this.#waiting = [{ status }];
  }

  report(error: unknown, sent: boolean): void {
    const { events } = this.#context;
    if (events.observed) events.emit({ type: 'handler-error', request: this.#request, error, sent });
  }

  #end(): void {
    this.#over = true;
    this.#writer.stop();
    if (!this.#subscribing) this.#handler?.unsubscribe();
  }
}
