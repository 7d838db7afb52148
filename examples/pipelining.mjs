// Requests sent without waiting for the answers before them (RFC 9112 §9.3.2): one connection, answers in order.
import { delay, map, mergeMap, of, range } from 'rxjs';
import { createClient, serve } from 'rxweir';
import { text } from 'rxweir/operators';

let connections = 0;

serve(
  { host: '127.0.0.1', port: 0 },
  ({ path }) => of({ body: path }).pipe(delay(Math.random() * 20)), // ready in any order
).subscribe((server) => {
  server.connections$.subscribe((open) => (connections = Math.max(connections, open)));
  const client = createClient({ maxConnections: 1, pipelining: 4 });

  range(1, 8)
    .pipe(
      mergeMap((n) => client.request(`http://127.0.0.1:${server.address.port}/${n}`).pipe(text())),
      map((path) => `answer to ${path}`),
    )
    .subscribe({
      next: (line) => console.log(line),
      complete: () => {
        console.log(`${connections} connection`);
        server.close().subscribe();
      },
    });
});
