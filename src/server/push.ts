import { EMPTY } from 'rxjs';
import { isUsageError } from '../../operators/core/protocol-error.js';
import { Http2ErrorCode } from '../../operators/http2/error-code.js';
import type { Http2Stream } from '../../operators/http2/stream.js';
import { promisedPseudo } from '../connections/promised-request.js';
import type { Http2Carrier } from './carrier.js';
import { withoutConnection } from './http2-head.js';
import { Http2Writer } from './http2-writer.js';
import type { RespondContext } from './respond-context.js';
import type { PushedRequest, ServerRequest } from './server-request.js';
import type { ServerResponse } from './server-response.js';

/** Promises a response on a stream of its own and sends it; whether the client takes it. @throws `UsageError` */
export function push(
  context: RespondContext,
  server: Http2Carrier,
  parent: Http2Stream,
  request: ServerRequest,
  { path, method = 'GET', fields }: PushedRequest,
  response: ServerResponse,
): boolean {
  const { scheme, authority } = request;
  const pseudo = promisedPseudo({ path, method, scheme, authority });
  let stream: Http2Stream;
  try {
    stream = server.connection.lanes.promise(parent, withoutConnection({ fields }), pseudo);
  } catch (error) {
    if (isUsageError(error) && (error.code === 'PUSH_DISABLED' || error.code === 'ILLEGAL_STREAM_STATE')) return false;
    throw error;
  }
  const { connection } = request;
  const writer = new Http2Writer(context, stream, { method, upgrade: '', body: EMPTY, connection, headSent: false });
  let over = false;
  const fail = (error: unknown): void => {
    if (over) return;
    over = true;
    writer.stop();
    const { events } = context;
    if (events.observed) events.emit({ type: 'handler-error', request, error, sent: true });
    stream.reset(Http2ErrorCode.INTERNAL_ERROR);
  };
  writer.owner = {
    get over() {
      return over;
    },
    fail,
    report: fail,
  };
  const ended = (): void => {
    over = true;
    writer.stop();
  };
  stream.sink = {
    informational: nothing,
    response: nothing,
    next: nothing,
    ended: nothing,
    released: nothing,
    sent: ended,
    failed: ended,
  };
  try {
    writer.write(response);
  } catch (error) {
    fail(error);
  }
  return true;
}

function nothing(): void {
  // a promised stream carries nothing towards us
}
