// Run as a child: one gigabyte through our side of a WebSocket to or from a slow peer; prints a line of JSON.
// node measured-websocket.mjs receive <url> | send <url> | serve-receive | serve-send
import { concatMap, delay, of, scan, switchMap, takeLast, timer } from 'rxjs';
import { acceptWebSocket, serve, webSocket } from 'rxweir';
import { holdMap } from 'rxweir/operators';

const [role, url] = process.argv.slice(2);
const GIBIBYTE = 1024 ** 3;
const CHUNK = new Uint8Array(64 * 1024).fill(120);

/** Work that takes time now and then, so that the peer is always ahead of it. */
let count = 0;
const slow = (chunk) => (++count % 64 === 0 ? of(chunk.length).pipe(delay(5)) : of(chunk.length));

function* chunks() {
  for (let left = GIBIBYTE; left > 0; left -= CHUNK.length) yield CHUNK;
}

/** Growth of resident memory, and the most the library held, sampled while it runs. */
function watch(socket) {
  const from = process.memoryUsage.rss();
  let peak = from;
  let held = 0;
  const subscription = timer(0, 5).subscribe(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
    held = Math.max(held, socket.heldBytes + socket.bufferedBytes);
  });
  return (bytes) => {
    subscription.unsubscribe();
    console.log(JSON.stringify({ bytes, growth: peak - from, held }));
  };
}

/** Bytes in all that came. */
const total = (sizes) =>
  sizes.pipe(
    scan((sum, size) => sum + size, 0),
    takeLast(1),
  );

const limits = { maxMessageSize: 2 * GIBIBYTE, maxFragments: 100_000 };

if (role === 'receive') {
  const socket = webSocket({ url });
  const done = watch(socket);
  total(socket.pipe(holdMap(slow))).subscribe(done);
} else if (role === 'send') {
  const socket = webSocket({ url });
  const done = watch(socket);
  socket.subscribe();
  socket.sendStream('binary', chunks()).subscribe({
    complete: () => {
      done(GIBIBYTE);
      socket.complete();
    },
  });
} else {
  const receive = (socket) => {
    const done = watch(socket);
    // one message, larger than all that is held of it
    total(socket.messages.pipe(concatMap(({ body }) => body.pipe(holdMap(slow))))).subscribe(done);
  };
  const send = (socket) => {
    const done = watch(socket);
    socket.subscribe({ complete: () => done(GIBIBYTE) });
    return chunks();
  };
  const handler = role === 'serve-receive' ? receive : send;
  serve({ host: '127.0.0.1', port: 0 }, (request) => acceptWebSocket(request, limits, handler))
    .pipe(switchMap((server) => of(server.address.port)))
    .subscribe((port) => console.log(port));
}
