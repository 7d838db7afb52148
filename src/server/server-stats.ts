import type { ServedConnection, ServerWait } from '../connections/served-connection.js';

/** A server at one moment. */
export interface ServerStats {
  readonly connections: { readonly open: number; readonly idle: number };
  /** Requests begun and not answered. */
  readonly active: number;
  /** Requests begun since the server listens. */
  readonly requests: number;
  /** Bytes received that consumers have not released. */
  readonly heldBytes: number;
  /** Bytes to send that sockets have not taken. */
  readonly bufferedBytes: number;
  /** How many connections wait for whom, and for how many milliseconds the one that has waited longest. */
  readonly waitingFor: Readonly<Record<ServerWait, { readonly count: number; readonly milliseconds: number }>>;
}

export function snapshot(servers: ReadonlySet<ServedConnection>, requests: number, now: number): ServerStats {
  const waits = {
    peer: { count: 0, milliseconds: 0 },
    socket: { count: 0, milliseconds: 0 },
    consumer: { count: 0, milliseconds: 0 },
    handler: { count: 0, milliseconds: 0 },
  };
  let idle = 0;
  let active = 0;
  let heldBytes = 0;
  let bufferedBytes = 0;
  for (const server of servers) {
    const { waiting } = server;
    active += server.active;
    heldBytes += server.held;
    bufferedBytes += server.unsent;
    if (waiting === undefined) {
      idle++;
      continue;
    }
    const wait = waits[waiting.who];
    wait.count++;
    wait.milliseconds = Math.max(wait.milliseconds, now - waiting.since);
  }
  return { connections: { open: servers.size, idle }, active, requests, heldBytes, bufferedBytes, waitingFor: waits };
}
