// Unsubscribing cancels. What that does to the connection depends on how far the exchange has come; the client says which.
import { NEVER, takeUntil, timer } from 'rxjs';
import { createClient, serve } from 'rxweir';
import { takeBytes } from 'rxweir/operators';

function* endless() {
  for (;;) yield new Uint8Array(64 * 1024);
}

serve({ host: '127.0.0.1', port: 0 }, ({ path, cancelled$ }) => {
  cancelled$.subscribe(() => console.log(`server: ${path} was cancelled`));
  return path === '/silent' ? NEVER : { body: endless() };
}).subscribe((server) => {
  const origin = `http://127.0.0.1:${server.address.port}`;
  const client = createClient();
  const watching = client.events$.subscribe((event) => {
    if (event.type === 'cancelled') console.log(`client: cancelled while in ${event.phase}: ${event.effect}`);
  });

  const beforeTheHead = client.request(`${origin}/silent`).pipe(takeUntil(timer(100)));
  const inTheBody = client.request(`${origin}/endless`).pipe(takeBytes(100_000)); // unsubscribes when it has enough

  beforeTheHead.subscribe({
    complete: () =>
      inTheBody.subscribe({
        complete: () =>
          timer(50).subscribe(() => {
            watching.unsubscribe();
            server.close().subscribe();
          }),
      }),
  });
});
