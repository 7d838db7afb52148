import type { ServedConnection } from '../connections/served-connection.js';
import { infoOf } from '../sockets/socket-info.js';
import type { ServerEvents } from './server-events.js';

/** Tells of the connections that have waited for somebody since `before`; whether any waits at all. */
export function reportStalls(
  connections: ReadonlySet<ServedConnection>,
  events: ServerEvents,
  before: number,
  now: number,
): boolean {
  let waits = false;
  for (const { socket, waiting } of connections) {
    if (waiting === undefined || waiting.who === 'handler') continue;
    waits = true;
    const { who, since } = waiting;
    if (since > before) continue;
    events.emit({ type: 'stall', connection: infoOf(socket.info), waitingFor: who, milliseconds: now - since });
  }
  return waits;
}
