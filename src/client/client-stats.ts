import type { LinkedList } from '../connections/linked-list.js';
import type { Exchange } from './exchange.js';
import type { WaitingFor } from './exchange-event.js';
import type { Pool } from './pool.js';

/** A client at one moment. */
export interface ClientStats {
  readonly connections: { readonly open: number; readonly idle: number; readonly connecting: number };
  /** Requests waiting for a connection. */
  readonly queued: number;
  /** Exchanges begun and not complete, those included. */
  readonly active: number;
  /** Bytes received that consumers have not released. */
  readonly heldBytes: number;
  /** Bytes to send that sockets have not taken. */
  readonly bufferedBytes: number;
  /** How many exchanges wait for whom, and for how many milliseconds the one that has waited longest. */
  readonly waitingFor: Readonly<Record<WaitingFor, { readonly count: number; readonly milliseconds: number }>>;
}

export function snapshot(pools: Iterable<Pool>, exchanges: LinkedList<Exchange>, now: number): ClientStats {
  const connections = { open: 0, idle: 0, connecting: 0 };
  const waits = {
    connection: { count: 0, milliseconds: 0 },
    peer: { count: 0, milliseconds: 0 },
    socket: { count: 0, milliseconds: 0 },
    consumer: { count: 0, milliseconds: 0 },
  };
  let queued = 0;
  let heldBytes = 0;
  let bufferedBytes = 0;
  for (const pool of pools) {
    const { stats } = pool;
    connections.open += stats.open;
    connections.idle += stats.idle;
    connections.connecting += stats.connecting;
    queued += stats.queued;
    for (const { socket, heldBytes: held } of pool.connections) {
      heldBytes += held;
      bufferedBytes += socket.bufferedBytes;
    }
  }
  for (const exchange of exchanges) {
    const { who, since } = waitingFor(exchange);
    const waiting = waits[who];
    waiting.count++;
    waiting.milliseconds = Math.max(waiting.milliseconds, now - since);
  }
  return { connections, queued, active: exchanges.size, heldBytes, bufferedBytes, waitingFor: waits };
}

/** Who is being waited for, and since when on the scheduler's clock. */
export function waitingFor({ phase, clock, outbound }: Exchange): { who: WaitingFor; since: number } {
  const { since } = clock;
  if (phase === 'queued' || phase === 'connecting') return { who: 'connection', since };
  if (outbound?.consumerHolds || clock.phase === 'unclaimed') return { who: 'consumer', since };
  return { who: (outbound?.unsent ?? 0) > 0 ? 'socket' : 'peer', since };
}
