import type { SocketInfo } from '../sockets/byte-duplex.js';
import { DUPLEX_INFO } from '../sockets/socket-info.js';

/** Something on a connection that is to end before it. */
export interface Leaving {
  leave(): void;
}

/** By connection: who is to leave when its server closes, or `true` once it has. */
const connections = new WeakMap<SocketInfo, Leaving | Set<Leaving> | true>();

/**
 * Calls `leave` when the server of this connection begins to close: at once if it has. Bytes that somebody else carries without
 * saying whose they are cannot be told apart, and are never told.
 */
export function whenGoingAway(connection: SocketInfo, one: Leaving): void {
  if (connection === DUPLEX_INFO) return;
  const before = connections.get(connection);
  if (before === true) one.leave();
  else if (before === undefined) connections.set(connection, one);
  else if (before instanceof Set) before.add(one);
  else connections.set(connection, new Set([before, one]));
}

/** It is over before its server. */
export function stays(connection: SocketInfo, one: Leaving): void {
  const before = connections.get(connection);
  if (before === one) connections.delete(connection);
  else if (before instanceof Set) before.delete(one);
}

/** The server of this connection closes. */
export function goingAway(connection: SocketInfo): void {
  if (connection === DUPLEX_INFO) return;
  const before = connections.get(connection);
  connections.set(connection, true);
  if (before instanceof Set) for (const one of before) one.leave();
  else if (before !== undefined && before !== true) before.leave();
}
