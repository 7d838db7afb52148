import { isProtocolError, isTimeoutError } from '../../operators/core/protocol-error.js';
import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import { Http2ErrorCode } from '../../operators/http2/error-code.js';
import type { Http2Stream } from '../../operators/http2/stream.js';
import { infoOf } from '../sockets/socket-info.js';
import { answerShort } from './answer-short.js';
import type { Http1Carrier } from './carrier.js';
import type { RespondContext } from './respond-context.js';

/** Answers without the handler, once it is this exchange's turn. */
export function refuse(
  context: RespondContext,
  exchange: ServerExchange,
  server: Pick<Http1Carrier, 'socket'>,
  status: number,
  error: unknown,
): void {
  const { events } = context;
  if (events.observed) events.emit({ type: 'refused', status, remote: infoOf(server.socket.info).remote, error });
  if (exchange.hasTurn) answerShort(context, exchange, status);
  else exchange.owner = new Refusal(context, exchange, status);
}

/** The same for a stream of HTTP/2, at once; what comes of its body is not read. */
export function refuseStream(
  { events }: RespondContext,
  stream: Http2Stream,
  socket: Http1Carrier['socket'],
  status: number,
  error: unknown,
): void {
  if (events.observed) events.emit({ type: 'refused', status, remote: infoOf(socket.info).remote, error });
  stream.headers(['content-length', '0'], [':status', String(status)], true);
  stream.reset(Http2ErrorCode.NO_ERROR);
}

/** The status for what could not be read (RFC 9110 §15.5). */
export function refusalStatus(error: unknown): number {
  if (isTimeoutError(error)) return 408;
  return isProtocolError(error) && error.wireCode >= 400 ? error.wireCode : 400;
}

class Refusal {
  readonly #context: RespondContext;
  readonly #exchange: ServerExchange;
  readonly #status: number;

  constructor(context: RespondContext, exchange: ServerExchange, status: number) {
    this.#context = context;
    this.#exchange = exchange;
    this.#status = status;
  }

  turn(): void {
    answerShort(this.#context, this.#exchange, this.#status);
  }

  requestRead(): void {}

  answered(): void {}

  cancelled(): void {}
}
