import { Observable } from 'rxjs';
import { resolveServeConfig, type ServeConfig } from './serve-config.js';
import { HttpServer, type Answer } from './server.js';

/** Binds, and emits the server once it listens; completes when it is closed, and closes it when unsubscribed. */
export function runServer(config: ServeConfig, answer: Answer): Observable<HttpServer> {
  return new Observable((subscriber) => {
    const resolved = resolveServeConfig(config);
    return resolved.network.listen(resolved.listen).subscribe({
      next: (listener) => {
        const server = new HttpServer(resolved, listener, answer);
        subscriber.add(() => server.close());
        server.closed$.subscribe({ complete: () => subscriber.complete() });
        subscriber.next(server);
        server.start();
      },
      error: (error: unknown) => subscriber.error(error),
    });
  });
}
