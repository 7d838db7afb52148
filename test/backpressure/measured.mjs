// Run as a child: one gigabyte through our side of a connection to or from a slow consumer; prints a line of JSON.
// node measured.mjs download <origin> | upload <expected bytes> | proxy <origin>
import { Observable, delay, map, of, switchMap, take, timer } from 'rxjs';
import { createClient, serve } from 'rxweir';
import { holdMap } from 'rxweir/operators';

const [role, argument] = process.argv.slice(2);

/** Work that takes time now and then, so that the peer is always ahead of it. */
let count = 0;
const slow = (chunk) => (++count % 64 === 0 ? of(chunk.length).pipe(delay(5)) : of(chunk.length));

/** Growth of resident memory, and the most the library held, sampled while it runs. */
function watch(stats$) {
  const from = process.memoryUsage.rss();
  let peak = from;
  let held = 0;
  let waited = 0;
  const subscription = timer(0, 10)
    .pipe(switchMap(() => stats$.pipe(take(1))))
    .subscribe(({ heldBytes, bufferedBytes, waitingFor }) => {
      peak = Math.max(peak, process.memoryUsage.rss());
      held = Math.max(held, heldBytes + bufferedBytes);
      if (waitingFor.consumer.count > 0 || waitingFor.socket.count > 0) waited++;
    });
  return () => {
    subscription.unsubscribe();
    return { growth: peak - from, held, waited };
  };
}

const report = (bytes, result) => {
  console.log(JSON.stringify({ bytes, ...result }));
  process.exit(0);
};

if (role === 'download') {
  const client = createClient();
  let bytes = 0;
  const done = watch(client.stats$);
  client
    .request(argument)
    .pipe(
      switchMap((response) => response.body),
      map((chunk) => chunk),
      holdMap(slow),
    )
    .subscribe({ next: (length) => (bytes += length), complete: () => report(bytes, done()) });
} else if (role === 'upload') {
  let server;
  const sink = (request) =>
    new Observable((subscriber) => {
      let bytes = 0;
      const done = watch(server.stats$);
      return request.body.pipe(holdMap(slow)).subscribe({
        next: (length) => (bytes += length),
        error: (error) => subscriber.error(error),
        complete: () => {
          subscriber.next({ body: `${bytes}` });
          subscriber.complete();
          setTimeout(() => report(bytes, done()), 50);
        },
      });
    });
  serve({ host: '127.0.0.1', port: 0, timeout: { request: 0 } }, sink).subscribe((listening) => {
    server = listening;
    console.log(listening.address.port);
  });
} else {
  const client = createClient();
  // the proxy in three lines
  const proxy = (request) =>
    client.request({ url: argument + request.path, method: request.method, body: request.body }).pipe(
      map(({ status, fields, body }) => ({
        status,
        fields: { 'content-length': fields.get('content-length') },
        body,
      })),
    );
  serve({ host: '127.0.0.1', port: 0 }, proxy).subscribe((server) => {
    console.log(server.address.port);
    let done;
    process.stdin.on('data', (text) => {
      if (String(text).startsWith('watch')) done = watch(client.stats$);
      else {
        const client = done();
        server.stats$.pipe(take(1)).subscribe(({ requests }) => report(requests, client));
      }
    });
  });
}
