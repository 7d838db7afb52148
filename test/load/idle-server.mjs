// node --expose-gc idle-server.mjs <http | subscribes | returns>: a server whose idle connections stay; prints its port, and at
// SIGUSR2 the bytes of its heap that are in use.
import { acceptWebSocket, serve } from 'rxweir';

/** @type {Record<string, import('rxweir').WebSocketHandler>} */
const handlers = {
  subscribes: (socket) => void socket.subscribe(socket),
  returns: (socket) => socket,
};
const handler = handlers[process.argv[2] ?? ''];

process.on('SIGUSR2', () => {
  globalThis.gc?.();
  globalThis.gc?.();
  console.log(process.memoryUsage().heapUsed);
});

serve({ host: '127.0.0.1', port: 0, timeout: { idle: 600_000 } }, (request) =>
  handler === undefined ? { body: 'ok' } : acceptWebSocket(request, {}, handler),
).subscribe((server) => console.log(server.address.port));
