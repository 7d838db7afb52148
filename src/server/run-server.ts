import { Observable } from 'rxjs';
import type { Answer } from './answer.js';
import { openListeners } from './open-listeners.js';
import { resolveServeConfig, type ServeConfig } from './serve-config.js';
import { HttpServer } from './http-server.js';

/** Binds, and emits the server once it listens; completes when it is closed, and closes it when unsubscribed. */
export function runServer(config: ServeConfig, answer: Answer): Observable<HttpServer> {
  return new Observable((subscriber) => {
    const resolved = resolveServeConfig(config);
    return openListeners(resolved.network, resolved.listen).subscribe({
      next: (opened) => {
        const server = new HttpServer(resolved, opened, answer);
        subscriber.add(() => server.close());
        server.closed$.subscribe({ complete: () => subscriber.complete() });
        subscriber.next(server);
        server.start();
      },
      error: (error: unknown) => subscriber.error(error),
    });
  });
}
