import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import { plainLines } from './plain-lines.js';
import type { RespondContext } from './respond-context.js';
import { isObservableInput, type HandlerResult, type ServerResponse } from './server-response.js';

/** Bodies up to here are written with their head. Bytes. */
const MOST_PLAIN = 65_536;

/**
 * Writes a response in one step where it is plain and nothing is special about the request, as most are; whether it did.
 *
 * @throws `UsageError` for fields that cannot be sent.
 */
export function answeredPlainly(context: RespondContext, exchange: ServerExchange, result: HandlerResult): boolean {
  return isPlain(exchange, result) && write(context, exchange, result);
}

/** A response that can be written in one step, to a request that has no wishes: most are. */
function isPlain(exchange: ServerExchange, result: HandlerResult): result is ServerResponse {
  const { request } = exchange;
  return (
    typeof result === 'object' &&
    result !== null &&
    !isObservableInput(result) &&
    result.trailers === undefined &&
    result.reason === undefined &&
    result.upgraded === undefined &&
    request !== undefined &&
    request.version === '1.1' &&
    request.method !== 'HEAD' &&
    exchange.hasTurn &&
    !exchange.close &&
    !exchange.bodyTooLong
  );
}

/** Writes it, if its body and fields are plain too. */
function write(context: RespondContext, exchange: ServerExchange, response: ServerResponse): boolean {
  const { status = 200, body } = response;
  if (!(status >= 200 && status < 600) || status === 204 || status === 205 || status === 304) return false;
  if (!Number.isInteger(status)) return false;
  let text = '';
  let bytes: Uint8Array | undefined;
  let length = 0;
  if (typeof body === 'string') {
    length = Buffer.byteLength(body);
    if (length === body.length) text = body;
    else bytes = Buffer.from(body);
  } else if (body instanceof Uint8Array) {
    bytes = body;
    length = body.length;
  } else if (body !== undefined) return false;
  if (length > MOST_PLAIN) return false;
  const plain = plainLines(response.fields);
  if (plain === undefined) return false;
  const start = context.plainHead.before(status, plain, context.date.text, typeof body === 'string');
  exchange.whole(`${start}${length}\r\n\r\n${text}`, bytes);
  return true;
}
