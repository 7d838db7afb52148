import type { SocketInfo } from '../sockets/byte-duplex.js';
import { DUPLEX_INFO } from '../sockets/socket-info.js';

type Work = () => void;

/** By connection: what to do when its server closes, or `true` once it has. */
const connections = new WeakMap<SocketInfo, Work | Set<Work> | true>();

/**
 * Calls `work` when the server of this connection begins to close: at once if it has. Bytes that somebody else carries without
 * saying whose they are cannot be told apart, and are never told.
 */
export function whenGoingAway(connection: SocketInfo, work: Work): void {
  if (connection === DUPLEX_INFO) return;
  const before = connections.get(connection);
  if (before === true) work();
  else if (before === undefined) connections.set(connection, work);
  else if (typeof before === 'function') connections.set(connection, new Set([before, work]));
  else before.add(work);
}

/** It is over before its server. */
export function stays(connection: SocketInfo, work: Work): void {
  const before = connections.get(connection);
  if (before === work) connections.delete(connection);
  else if (before instanceof Set) before.delete(work);
}

/** The server of this connection closes. */
export function goingAway(connection: SocketInfo): void {
  if (connection === DUPLEX_INFO) return;
  const before = connections.get(connection);
  connections.set(connection, true);
  if (typeof before === 'function') before();
  else if (before instanceof Set) for (const work of before) work();
}
