import { throwError, type Observable } from 'rxjs';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { RequestHead } from '../../operators/http1/message-decoder.js';
import { Http1Request } from './http1-request.js';
import { Http2Request } from './http2-request.js';
import { respond, respondHttp2 } from './respond.js';
import type { Handler } from './respond-context.js';
import { runServer } from './run-server.js';
import type { ServeConfig } from './serve-config.js';
import type { Server } from './server.js';

/**
 * Serves HTTP/1.0, 1.1 and 2 on one port. Cold: subscribing binds, and emits one {@link Server} once it listens; unsubscribing closes it
 * as `server.close()` does. Completes when the last connection is gone after that.
 *
 * The handler gets each request when its head has been read, and answers with a response, or with anything `from` takes
 * that emits one: interim responses may come first, and it is unsubscribed when the client has gone. A handler that throws,
 * fails, or answers what cannot be sent gives 500, or the end of the connection where the head is out, and an event;
 * nothing else stops.
 *
 * Errors: `UsageError` for the config, `NetworkError` (phase `listen`) if it cannot be bound. RFC 9110, 9112, 9113.
 *
 * @example
 * ```ts
 * import { serve } from 'rxweir';
 * serve({ port: 8080, host: '127.0.0.1' }, ({ path }) => ({ body: `you asked for ${path}` })).subscribe();
 * ```
 * @see listen
 */
export function serve(config: ServeConfig, handler: Handler): Observable<Server> {
  if (typeof handler !== 'function') {
    return throwError(() => new UsageError('INVALID_OPTION', 'the handler is to be a function'));
  }
  return runServer(config, {
    http1({ context, requests }, exchange, connection) {
      const request = new Http1Request(requests, exchange, exchange.request as RequestHead);
      if (context.events.observed) context.events.emit({ type: 'request', request });
      respond(context, exchange, connection, request, handler);
    },
    http2({ context, requests }, stream, head, ends, connection) {
      const request = new Http2Request(requests, stream, head, ends, connection, context);
      if (context.events.observed) context.events.emit({ type: 'request', request });
      respondHttp2(context, stream, connection, request, handler);
    },
  });
}
