// Server-sent events over a connection that breaks: the client comes back when the server said so, and goes on behind the last event.
import { concat, from, take, throwError } from 'rxjs';
import { request, serve } from 'rxweir';
import { encodeServerSentEvents, resumeEvents } from 'rxweir/operators';

const LEVELS = ['1.20', '1.25', '1.31', '1.38', '1.36', '1.30'];

serve({ host: '127.0.0.1', port: 0 }, ({ fields }) => {
  const last = fields.get('last-event-id');
  console.log(last === undefined ? 'connected' : `connected again, last event ${last}`);
  const next = last === undefined ? 0 : Number(last) + 1;
  const events = LEVELS.map((metres, id) => ({ id: String(id), type: 'level', data: metres, retry: 50 }));
  // Two events, then the line is cut.
  const cut = throwError(() => new Error('the line went dead'));
  const body = concat(from(events.slice(next, next + 2)).pipe(encodeServerSentEvents()), cut);
  return { fields: { 'content-type': 'text/event-stream' }, body };
}).subscribe((server) => {
  resumeEvents(({ lastEventId }) =>
    request({
      url: `http://127.0.0.1:${server.address.port}/levels`,
      headers: { accept: 'text/event-stream', ...(lastEventId !== '' && { 'last-event-id': lastEventId }) },
    }),
  )
    .pipe(take(LEVELS.length))
    .subscribe({
      next: ({ type, data, id }) => console.log(`${type} ${id}: ${data} m`),
      complete: () => server.close().subscribe(),
    });
});
