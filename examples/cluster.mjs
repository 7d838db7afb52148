// One port, one process for each core, and the statistics of all of them as one Observable.
// node examples/cluster.mjs       asks a little, shows who has answered, and ends
// node examples/cluster.mjs 8080  goes on until it gets SIGTERM
import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { exhaustMap, filter, first, fromEvent, map, merge, mergeMap, range, scan, take, toArray } from 'rxjs';
import { createClient, serve } from 'rxweir';
import { text } from 'rxweir/operators';

const PORT = Number(process.argv[2] ?? 0);
const WORKERS = Math.max(2, availableParallelism());

if (cluster.isPrimary) primary();
else worker();

/** Serves, tells the primary how it is, and closes gracefully when told to. */
function worker() {
  serve({ host: '127.0.0.1', port: PORT }, () => ({ body: String(process.pid) })).subscribe((server) => {
    const { port } = server.address;
    server.stats$.subscribe((stats) => process.send?.({ pid: process.pid, port, stats }));
    merge(fromEvent(process, 'SIGTERM'), fromEvent(process, 'disconnect'))
      .pipe(
        take(1),
        exhaustMap(() => server.close()),
      )
      .subscribe({ complete: () => cluster.worker?.disconnect() });
  });
}

function primary() {
  const workers = Array.from({ length: WORKERS }, () => cluster.fork());

  /**
   * What each worker has said last, by process: the whole server at one moment.
   * @type {import('rxjs').Observable<Map<number, { port: number, stats: import('rxweir').ServerStats }>>}
   */
  const stats$ = merge(...workers.map((worker) => fromEvent(worker, 'message'))).pipe(
    map((event) => (Array.isArray(event) ? event[0] : event)),
    scan((all, { pid, port, stats }) => new Map(all).set(pid, { port, stats }), new Map()),
    filter((all) => all.size === workers.length),
  );

  /** @type {(all: Map<number, { port: number, stats: import('rxweir').ServerStats }>) => number} */
  const requests = (all) => [...all.values()].reduce((sum, { stats }) => sum + stats.requests, 0);

  const end = () => workers.forEach((worker) => worker.process.kill('SIGTERM'));

  if (PORT !== 0) {
    stats$.subscribe((all) => console.log(`${requests(all)} requests by ${all.size} workers`));
    fromEvent(process, 'SIGTERM').pipe(take(1)).subscribe(end);
    return;
  }

  // Each request on a connection of its own: connections are what is shared out.
  const client = createClient({ keepAlive: 0 });
  stats$
    .pipe(
      take(1),
      mergeMap((all) => {
        const port = Math.max(...[...all.values()].map((one) => one.port));
        return range(0, 40).pipe(mergeMap(() => client.request(`http://127.0.0.1:${port}/`).pipe(text()), 4));
      }),
      toArray(),
      // Until the statistics know of all that was answered.
      mergeMap((answers) =>
        stats$.pipe(
          first((all) => requests(all) === answers.length),
          map((all) => ({ answers, all })),
        ),
      ),
    )
    .subscribe(({ answers, all }) => {
      console.log(`${requests(all)} requests, by ${new Set(answers).size} workers of ${all.size}`);
      client.close().subscribe();
      end();
    });
  let left = workers.length;
  for (const worker of workers) {
    worker.once('exit', (code) => {
      if (code === 0 && --left === 0) console.log('all workers have closed');
    });
  }
}
