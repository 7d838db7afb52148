// A clock of server-sent events. The client comes back where it was when the stream breaks off.
import { interval, map, take } from 'rxjs';
import { eventStream, request, serve } from 'rxweir';
import { resumeEvents } from 'rxweir/operators';

const clock = eventStream(
  (lastEventId) => {
    const from = lastEventId === undefined ? 0 : Number(lastEventId) + 1;
    console.log(`server: from ${from} on`);
    return interval(20).pipe(
      take(3), // then it breaks off
      map((n) => ({ type: 'tick', id: String(from + n), data: new Date().toISOString() })),
    );
  },
  { retry: 10, heartbeat: 10_000 },
);

serve({ host: '127.0.0.1', port: 0 }, clock).subscribe((server) => {
  const url = `http://127.0.0.1:${server.address.port}/`;
  resumeEvents(({ lastEventId }) => request({ url, headers: lastEventId ? { 'last-event-id': lastEventId } : {} }))
    .pipe(take(7))
    .subscribe({
      next: ({ type, id, data }) => console.log(`client: ${type} ${id} at ${data}`),
      complete: () => server.close().subscribe({ complete: () => console.log('closed') }),
    });
});
