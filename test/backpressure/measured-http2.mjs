// Run as a child: the three-line proxy from HTTP/2 to HTTP/1 or back, whose memory is measured; prints a line of JSON.
// node measured-http2.mjs <origin> <version spoken with the origin>
import { combineLatest, map, switchMap, take, timer } from 'rxjs';
import { createClient, serve } from 'rxweir';

const [origin, version] = process.argv.slice(2);
const client = createClient();

// the proxy in three lines
const proxy = (request) =>
  client
    .request({ url: origin + request.path, method: request.method, body: request.body, version })
    .pipe(
      map(({ status, fields, body }) => ({ status, fields: { 'content-length': fields.get('content-length') }, body })),
    );

serve({ host: '127.0.0.1', port: 0 }, proxy).subscribe((server) => {
  console.log(server.address.port);
  const from = process.memoryUsage.rss();
  let [peak, held, waited] = [from, 0, 0];
  timer(0, 10)
    .pipe(switchMap(() => combineLatest([client.stats$, server.stats$]).pipe(take(1))))
    .subscribe((sides) => {
      peak = Math.max(peak, process.memoryUsage.rss());
      for (const { heldBytes, bufferedBytes, waitingFor } of sides) {
        held = Math.max(held, heldBytes, bufferedBytes);
        if (waitingFor.consumer.count > 0 || waitingFor.socket.count > 0) waited++;
      }
    });
  process.stdin.on('data', () => console.log(JSON.stringify({ growth: peak - from, held, waited })));
});
