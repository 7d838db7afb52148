// SIGTERM: no connection more, what is under way is answered, then the process ends by itself; a second signal ends it now.
// node examples/graceful-shutdown.mjs       shows itself and ends
// node examples/graceful-shutdown.mjs 8080  goes on until it gets SIGTERM or SIGINT
import { delay, fromEvent, map, merge, of, scan, take } from 'rxjs';
import { request, serve } from 'rxweir';
import { text } from 'rxweir/operators';

/** How long requests under way may take, in milliseconds: less than whoever sends SIGKILL waits. */
const GRACE = 20_000;

const signals = merge(fromEvent(process, 'SIGTERM'), fromEvent(process, 'SIGINT')).pipe(scan((count) => count + 1, 0));

const port = Number(process.argv[2] ?? 0);
serve({ host: '127.0.0.1', port, grace: GRACE }, ({ path }) =>
  path === '/slow' ? of({ body: 'slow, but whole' }).pipe(delay(200)) : { body: 'quick' },
).subscribe((server) => {
  const { port } = server.address;
  console.log(`process ${process.pid} listens on ${port}`);

  signals.pipe(take(2)).subscribe((count) => {
    if (count === 2) process.exit(1);
    console.log('closing');
    // Nothing is left that keeps the process: it ends when the last connection has.
    server.close().subscribe({ complete: () => console.log('closed') });
  });
  if (process.argv[2] === undefined) show(`http://127.0.0.1:${port}`);
});

/** Asks for something slow, ends this very process meanwhile, and asks again. @param {string} origin */
function show(origin) {
  request(`${origin}/slow`)
    .pipe(
      text(),
      map((body) => `the request under way: ${body}`),
    )
    .subscribe((line) => console.log(line));
  of('one after it')
    .pipe(delay(100))
    .subscribe((what) => {
      process.kill(process.pid, 'SIGTERM');
      setTimeout(() => {
        request(origin).subscribe({ error: ({ code }) => console.log(`${what}: ${code}`) });
      }, 50);
    });
}
