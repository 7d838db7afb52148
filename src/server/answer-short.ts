import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import { composeResponse } from './response-head.js';
import type { RespondContext } from './respond-context.js';

/** Answers with a status and nothing else. The exchange must have its turn. */
export function answerShort(context: RespondContext, exchange: ServerExchange, status: number): void {
  const { head, framing, contentLength, close } = composeResponse(context, exchange, { status });
  if (close) exchange.closeAfter();
  exchange.head(head, framing, contentLength);
  exchange.end();
}
