// WebSockets on two processes, and Redis between them: what is said at one is heard at both.
// node examples/redis-fan-out.mjs redis://127.0.0.1:6379  shows itself and ends; it starts each of the two from this file
import { fork } from 'node:child_process';
import { first, firstValueFrom, forkJoin, fromEvent, Subject, take, toArray } from 'rxjs';
import { createClient } from 'redis';
import { acceptWebSocket, serve, webSocket } from 'rxweir';

const CHANNEL = 'rxweir:said';
const [, script = '', url, role] = process.argv;
if (url === undefined) {
  console.error('node examples/redis-fan-out.mjs redis://127.0.0.1:6379');
  process.exitCode = 2;
} else if (role === 'node') await node(url);
else await show(url);

/** One process: a server, and two connections to Redis, as one that subscribes can do nothing else. @param {string} url */
async function node(url) {
  const publisher = await connected(url);
  const subscriber = await connected(url);
  const said = new Subject();
  await subscriber.subscribe(CHANNEL, (message) => said.next(message));

  /**
   * Who does not read misses the oldest, and holds nobody up: Redis cannot be told to wait.
   * @type {import('rxweir').AcceptWebSocketConfig<any>}
   */
  const config = { overflow: 'drop-oldest', maxBufferedBytes: 1 << 20, pingInterval: 30_000 };

  serve({ host: '127.0.0.1', port: 0 }, (request) =>
    acceptWebSocket(request, config, (socket) => {
      socket.subscribe({
        // What Redis does not take is lost, as it is with those who are not there: the client is told by the close.
        next: (message) => void publisher.publish(CHANNEL, String(message)).catch((error) => socket.error(error)),
        error: () => undefined,
      });
      return said;
    }),
  ).subscribe((server) => {
    process.send?.(server.address.port);
    // The clients are told with 1001 and connect elsewhere; Redis is left when nobody needs it any more.
    process.once('SIGTERM', () =>
      server.close().subscribe({
        complete: () => {
          subscriber.destroy();
          publisher.destroy();
          process.disconnect();
        },
      }),
    );
  });
}

/** @param {string} url */
async function connected(url) {
  const client = createClient({ url });
  client.on('error', (error) => console.error(`redis: ${error.message}`)); // it connects again by itself
  return client.connect();
}

/** Two processes, a client at each: both talk, both hear both. @param {string} url */
async function show(url) {
  const nodes = [fork(script, [url, 'node']), fork(script, [url, 'node'])];
  const ports = await firstValueFrom(forkJoin(nodes.map((node) => fromEvent(node, 'message', String).pipe(take(1)))));
  const names = ['Marlow', 'Hambleden'];
  const sockets = ports.map((port) => webSocket(`ws://127.0.0.1:${port}/`));

  forkJoin(sockets.map((socket) => socket.pipe(take(2), toArray()))).subscribe((heard) => {
    heard.forEach((lines, i) => console.log(`${names[i]} hears ${lines.map(String).sort().join(', ')}`));
    nodes.forEach((node) => node.kill('SIGTERM'));
  });
  forkJoin(sockets.map((socket) => socket.state$.pipe(first(({ state }) => state === 'open')))).subscribe(() =>
    sockets.forEach((socket, i) => socket.next(`${names[i]} is here`)),
  );
  nodes.forEach((node, i) => node.once('exit', (code) => console.log(`node ${i + 1} has ended: ${code}`)));
}
