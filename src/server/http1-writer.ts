import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import { answeredPlainly } from './answer-plain.js';
import { answerShort } from './answer-short.js';
import type { Http1Carrier } from './carrier.js';
import type { RespondContext } from './respond-context.js';
import { ResponseBody } from './response-body.js';
import { composeInterim, composeResponse, composeUpgrade } from './response-head.js';
import type { ResponseWriter, WriterOwner } from './response-writer.js';
import { runUpgraded } from './run-upgraded.js';
import type { ServerResponse } from './server-response.js';

/** Responses to one HTTP/1 request. */
export class Http1Writer implements ResponseWriter {
  owner: WriterOwner | undefined = undefined;
  readonly #context: RespondContext;
  readonly #exchange: ServerExchange;
  /** undefined after an upgrade: nothing is kept of HTTP then. */
  #server: Http1Carrier | undefined;
  #body: ResponseBody | undefined = undefined;

  constructor(context: RespondContext, exchange: ServerExchange, server: Http1Carrier) {
    this.#context = context;
    this.#exchange = exchange;
    this.#server = server;
  }

  get hasTurn(): boolean {
    return this.#exchange.hasTurn;
  }

  get headSent(): boolean {
    return this.#exchange.headSent;
  }

  write(response: ServerResponse): void {
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
      this.owner?.fail(error),
    );
    this.#body.start();
    if (this.owner?.over === true) this.#body.stop();
  }

  short(status: number): void {
    answerShort(this.#context, this.#exchange, status);
  }

  abort(error: unknown): void {
    this.#exchange.abort(error);
  }

  stop(): void {
    this.#body?.stop();
  }

  #upgrade(response: ServerResponse): void {
    const head = composeUpgrade(this.#context, this.#exchange, response);
    this.#exchange.interim(head);
    const { stream } = (this.#server as Http1Carrier).upgrade(this.#exchange);
    this.#server = undefined;
    runUpgraded(response, stream, (error) => this.owner?.report(error, true));
  }
}
