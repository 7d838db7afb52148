// node restart-server.mjs <port>: prints `listening`; at SIGTERM closes, prints `closing` once it has given the port up, and at its
// end the requests whose handlers it began, those that failed, and how many were under way when it was told.
import { fromEvent, map, take, timer } from 'rxjs';
import { serve } from 'rxweir';
import { bytes } from 'rxweir/operators';

/** @type {string[]} */
const begun = [];
let failed = 0;
let underWay = 0;

serve({ host: '127.0.0.1', port: Number(process.argv[2]), grace: 10_000 }, (request) => {
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
}).subscribe({
  next: (server) => {
    server.events$.subscribe(({ type }) => {
      if (type === 'handler-error') failed++;
    });
    fromEvent(process, 'SIGTERM')
      .pipe(take(1))
      .subscribe(() => {
        server.stats$.pipe(take(1)).subscribe(({ active }) => (underWay = active));
        server.close();
        console.log('closing');
      });
    console.log('listening');
  },
  complete: () => console.log(JSON.stringify({ begun, failed, underWay })),
});
