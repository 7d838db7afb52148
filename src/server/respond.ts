import { ProtocolError } from '../../operators/core/protocol-error.js';
import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import { answeredPlainly } from './answer-plain.js';
import type { Http1Carrier, Http2Carrier } from './carrier.js';
import { acceptedCoding } from './accepted-coding.js';
import type { Http1Request } from './http1-request.js';
import { misdirected } from './misdirected.js';
import { refuse } from './refuse.js';
import { Http1Writer } from './http1-writer.js';
import type { Http2Request } from './http2-request.js';
import { Http2Writer } from './http2-writer.js';
import type { Http2Stream } from '../../operators/http2/stream.js';
import { Reply } from './reply.js';
import type { Handler, RespondContext } from './respond-context.js';
import type { HandlerResult } from './server-response.js';

/** Calls the handler and answers with what it returns; whatever goes wrong stays within this exchange. */
export function respond(
  context: RespondContext,
  exchange: ServerExchange,
  server: Http1Carrier,
  request: Http1Request,
  handler: Handler,
): void {
  let result: HandlerResult;
  try {
    result = handler(request);
    if (answeredPlainly(context, exchange, result)) return;
  } catch (error) {
    new Reply(context, new Http1Writer(context, exchange, server), request).fail(error);
    return;
  }
  new Reply(context, new Http1Writer(context, exchange, server), request).start(result);
}

/** The same for a stream of HTTP/2, once there is room for a handler more. @throws ProtocolError connection `ENHANCE_YOUR_CALM` */
export function respondHttp2(
  context: RespondContext,
  stream: Http2Stream,
  server: Http2Carrier,
  request: Http2Request,
  handler: Handler,
): void {
  if (server.handlers.full) respondLater(context, stream, server, request, handler);
  else respondNow(context, stream, server, request, handler);
}

function respondLater(
  context: RespondContext,
  stream: Http2Stream,
  server: Http2Carrier,
  request: Http2Request,
  handler: Handler,
): void {
  server.handlers.wait(stream, () => respondNow(context, stream, server, request, handler));
}

function respondNow(
  context: RespondContext,
  stream: Http2Stream,
  server: Http2Carrier,
  request: Http2Request,
  handler: Handler,
): void {
  let result: HandlerResult;
  try {
    result = handler(request);
    if (server.plain.answer(context, stream, request, result)) return;
  } catch (error) {
    new Reply(context, new Http2Writer(context, stream, request), request).fail(error);
    return;
  }
  const { result: followed, observer } = server.handlers.begun(result);
  new Reply(context, new Http2Writer(context, stream, request), request, observer).start(followed);
}

/** Refuses what no handler needs to see; whether it did. */
export function refusedOutright(context: RespondContext, exchange: ServerExchange, server: Http1Carrier): boolean {
  if (misdirected(context, exchange, server)) return true;
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
