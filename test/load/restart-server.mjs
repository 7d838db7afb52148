// node restart-server.mjs <port>: prints `listening`; at SIGUSR2 closes, and when it has closed begins anew; at SIGTERM closes
// and prints the requests whose handlers it began.
import { fromEvent, map, merge, take, timer } from 'rxjs';
import { serve } from 'rxweir';
import { bytes } from 'rxweir/operators';

/** @type {string[]} */
const begun = [];
let failed = 0;

const server$ = serve({ host: '127.0.0.1', port: Number(process.argv[2]), grace: 10_000 }, (request) => {
  const id = request.fields.get('x-attempt') ?? '';
  begun.push(id);
  const kind = request.path.slice(1);
  if (kind === 'fast') return { body: `${kind} ${id}` };
  if (kind === 'slow') return timer(15).pipe(map(() => ({ body: `${kind} ${id}` })));
  if (kind === 'parts') return { body: timer(0, 5).pipe(take(2), map((n) => (n === 0 ? kind : ` ${id}`))) }; // prettier-ignore
  return request.body.pipe(
    bytes(),
    map((body) => ({ body: [`${kind} ${id} `, body] })),
  );
});

let ends = false;
const signals = merge(fromEvent(process, 'SIGUSR2'), fromEvent(process, 'SIGTERM').pipe(map(() => (ends = true))));

function run() {
  server$.subscribe({
    next: (server) => {
      server.events$.subscribe(({ type }) => {
        if (type === 'handler-error') failed++;
      });
      signals.pipe(take(1)).subscribe(() => server.close());
      console.log('listening');
    },
    complete: () => (ends ? console.log(JSON.stringify({ begun, failed })) : run()),
  });
}
run();
