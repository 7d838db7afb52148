// A handler takes a request and gives a response, a promise of one, or an Observable of one.
import { delay, interval, map, mergeMap, of, take } from 'rxjs';
import { request, serve } from 'rxweir';
import { text } from 'rxweir/operators';

/** @param {import('rxweir').ServerRequest} request */
function handle({ method, path, body }) {
  if (path === '/') return { body: 'hello\n' };
  if (path === '/later') return of({ body: 'later\n' }).pipe(delay(10));
  if (path === '/count') return { body: interval(5).pipe(take(3), map((n) => `${n}\n`)) }; // prettier-ignore
  if (path === '/echo' && method === 'POST') return { body };
  if (path === '/fails') throw new Error('only this request gets a 500');
  return { status: 404, body: 'not here\n' };
}

serve({ host: '127.0.0.1', port: 0 }, handle).subscribe((server) => {
  const origin = `http://127.0.0.1:${server.address.port}`;
  server.events$.subscribe((event) => console.log('event:', event.type));

  of('/', '/later', '/count', '/fails', '/nowhere')
    .pipe(
      mergeMap(
        (path) =>
          request(origin + path).pipe(
            mergeMap((response) =>
              of(response).pipe(
                text(),
                map((body) => ({ path, status: response.status, body })),
              ),
            ),
          ),
        1,
      ),
    )
    .subscribe({
      next: ({ path, status, body }) => console.log(path, status, JSON.stringify(body)),
      complete: () => server.close().subscribe({ complete: () => console.log('closed') }),
    });
});
