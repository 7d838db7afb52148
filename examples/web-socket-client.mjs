// A WebSocket client: `node examples/web-socket-client.mjs wss://host/path` sends lines of the terminal and prints what comes.
import { createInterface } from 'node:readline';
import { from, map, take, timer } from 'rxjs';
import { acceptWebSocket, serve, webSocket } from 'rxweir';

/** @param {string} url @param {import('rxjs').ObservableInput<string>} lines @param {() => void} done */
function talk(url, lines, done) {
  const socket = /** @type {import('rxweir').WebSocketSubject<string>} */ (webSocket({ url }));
  socket.state$.subscribe((status) => console.log(`* ${status.state}`));
  socket.subscribe({
    next: (message) => console.log(`< ${message}`),
    error: ({ code, message }) => {
      console.log(`* ${code}: ${message}`);
      done();
    },
    complete: done,
  });
  from(lines).subscribe({
    next: (line) => {
      console.log(`> ${line}`);
      socket.next(line);
    },
    complete: () => socket.complete(),
  });
}

const [url] = process.argv.slice(2);
if (url !== undefined) talk(url, createInterface({ input: process.stdin }), () => undefined);
else {
  const shout = (/** @type {import('rxweir').ServerRequest} */ request) =>
    acceptWebSocket(request, {}, (socket) => socket.pipe(map((message) => String(message).toUpperCase())));
  serve({ host: '127.0.0.1', port: 0 }, shout).subscribe((server) => {
    const lines = timer(0, 20).pipe(
      take(3),
      map((n) => `line ${n}`),
    );
    talk(`ws://127.0.0.1:${server.address.port}/`, lines, () => server.close().subscribe());
  });
}
