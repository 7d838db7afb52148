import { concatMap, defer, EMPTY, finalize, tap } from 'rxjs';
import { holdOne } from './hold-one.mjs';
import { measuredSocket } from './measure.mjs';
import { say, scene } from './scene.mjs';

/**
 * @typedef {import('./scenes.mjs').Stage} Stage
 * @typedef {import('./scenes.mjs').Row} Row
 */

const HOLD = 500;
const MESSAGES = ['text', new Uint8Array(100_000)];

/**
 * Text and bytes there and back, a ping, and the closing handshake.
 * @param {Stage} stage
 * @param {Row} row
 */
export function echo({ client, origin, version }, row) {
  return scene(
    'A WebSocket whose server echoes',
    defer(() => {
      const socket = client.webSocket({ url: `${origin}/echo`, version });
      const telling = socket.state$.subscribe((status) => say(`   ${told(status)}`));
      for (const message of MESSAGES) socket.next(message); // it waits until the connection is open
      return measuredSocket(socket, row).pipe(
        tap((message) =>
          say(`   received ${typeof message === 'string' ? `'${message}'` : `${message.length} bytes`}`),
        ),
        concatMap((_, index) => (index < MESSAGES.length - 1 ? EMPTY : socket.ping())),
        tap((milliseconds) => {
          say(`   ping: there and back in ${milliseconds} ms`);
          socket.close(4000, 'seen enough');
        }),
        finalize(() => telling.unsubscribe()),
      );
    }),
  );
}

/**
 * Messages faster than they are taken; closed by the server, behind the last of them.
 * @param {Stage} stage
 * @param {Row} row
 */
export function heldMessages({ client, origin, books, version }, row) {
  const path = `/messages/32?over=${version}`;
  return scene(
    `A WebSocket whose consumer holds one message for ${HOLD} ms`,
    defer(() => {
      const socket = client.webSocket({ url: origin + path, version });
      return measuredSocket(socket, row).pipe(holdOne({ milliseconds: HOLD, books, path, row }));
    }),
  );
}

/** @param {import('rxweir').WebSocketStatus} status */
function told(status) {
  if (status.state === 'open') return `open, over HTTP/${status.version}`;
  if (status.state === 'closing') return `closing, by ${status.by}`;
  if (status.state === 'connecting') return 'connecting';
  return `closed ${status.clean ? 'cleanly ' : ''}with ${status.code} '${status.reason}', by ${status.by}`;
}
