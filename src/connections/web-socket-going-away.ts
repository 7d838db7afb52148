import { type SocketInfo } from '../sockets/byte-duplex.js';
import { DUPLEX_INFO } from '../sockets/socket-info.js';

/** By connection: what to do when its server closes, or `true` once it has. */
const connections = new WeakMap<SocketInfo, Set<() => void> | true>();

/**
 * Calls `work` when the server of this connection begins to close: at once if it has. The function that is returned takes
 * that back. Bytes that somebody else carries without saying whose they are cannot be told apart, and are never told.
 */
export function whenGoingAway(connection: SocketInfo, work: () => void): () => void {
  if (connection === DUPLEX_INFO) return () => undefined;
  let waiting = connections.get(connection);
  if (waiting === true) {
    work();
    return () => undefined;
  }
  if (waiting === undefined) connections.set(connection, (waiting = new Set()));
  const all = waiting;
  all.add(work);
  return () => all.delete(work);
}

/** The server of this connection closes. */
export function goingAway(connection: SocketInfo): void {
  const waiting = connections.get(connection);
  if (waiting === true || connection === DUPLEX_INFO) return;
  connections.set(connection, true);
  if (waiting !== undefined) for (const work of waiting) work();
}
