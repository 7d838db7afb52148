import { ProtocolError } from '../../operators/core/protocol-error.js';
import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import type { Http1Server } from '../connections/http1-server.js';
import { acceptedCoding } from './accepted-coding.js';
import type { Http1Request } from './http1-request.js';
import { plainLines } from './plain-lines.js';
import { refuse } from './refuse.js';
import { Reply } from './reply.js';
import type { Handler, RespondContext } from './respond-context.js';
import { isObservableInput, type HandlerResult, type ServerResponse } from './server-response.js';

/** Bodies up to here are written with their head. Bytes. */
const MOST_PLAIN = 65_536;

/** Calls the handler and answers with what it returns; whatever goes wrong stays within this exchange. */
export function respond(
  context: RespondContext,
  exchange: ServerExchange,
  server: Http1Server,
  request: Http1Request,
  handler: Handler,
): void {
  let result: HandlerResult;
  try {
    result = handler(request);
    if (isPlain(exchange, result) && answerPlain(context, exchange, result)) return;
  } catch (error) {
    new Reply(context, exchange, server, request).fail(error);
    return;
  }
  new Reply(context, exchange, server, request).start(result);
}

/** Refuses what no handler needs to see; whether it did. */
export function refusedOutright(context: RespondContext, exchange: ServerExchange, server: Http1Server): boolean {
  if (exchange.expectation !== '') {
    const error = new ProtocolError('EXPECTATION_FAILED', 'an Expect that is not 100-continue', { wireCode: 417 });
    refuse(context, exchange, server, 417, error);
    return true;
  }
  const te = exchange.request?.fields.get('te');
  if (te === undefined || acceptedCoding(te) !== undefined) return false;
  exchange.closeAfter();
  refuse(context, exchange, server, 400, new ProtocolError('BAD_TE', 'a malformed TE field', { wireCode: 400 }));
  return true;
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
function answerPlain(context: RespondContext, exchange: ServerExchange, response: ServerResponse): boolean {
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
