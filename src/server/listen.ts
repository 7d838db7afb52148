import { Observable } from 'rxjs';
import { AnswerableHttp1Request, AnswerableHttp2Request } from './answerable-request.js';
import { runServer } from './run-server.js';
import type { ServeConfig } from './serve-config.js';
import type { AnswerableRequest } from './server-request.js';

/**
 * The stream of requests itself, for those who compose it. Cold: subscribing binds, unsubscribing closes as
 * `server.close()` does. Each request waits until it is answered through its `respond`.
 *
 * Errors: `UsageError` for the config, `NetworkError` (phase `listen`) if it cannot be bound.
 *
 * @example
 * ```ts
 * import { mergeMap } from 'rxjs';
 * import { listen } from 'rxweir';
 * listen({ port: 8080, host: '127.0.0.1' })
 *   .pipe(mergeMap((request) => request.respond({ body: `you asked for ${request.path}` })))
 *   .subscribe();
 * ```
 * @see serve
 */
export function listen(config: ServeConfig): Observable<AnswerableRequest> {
  return new Observable((subscriber) =>
    runServer(config, {
      http1({ context, requests }, exchange, connection) {
        subscriber.next(new AnswerableHttp1Request(requests, exchange, connection, context));
      },
      http2({ context, requests }, stream, head, ends, connection) {
        subscriber.next(new AnswerableHttp2Request(requests, stream, head, ends, connection, context));
      },
    }).subscribe({
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    }),
  );
}
