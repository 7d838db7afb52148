import type { Linked } from '../connections/linked-list.js';
import type { Lease } from './lease.js';
import type { ResolvedTimeouts } from './timeouts.js';

/** One request's wish for a connection. */
export interface PoolWaiter {
  /** May share a connection with requests not yet answered. */
  readonly pipelinable: boolean;
  /** How long it would wait for a connection to be made. */
  readonly clock: { readonly limits: Pick<ResolvedTimeouts, 'connect' | 'tunnel'> };
  /** Its place in the queue; the pool's. */
  ticket: Ticket | undefined;
  /** No connection is free. */
  queued(): void;
  /** One is being made for it. */
  connecting(): void;
  /** It is this request's turn: it begins an exchange, closes the connection, or leaves it as it is. */
  connected(lease: Lease): void;
  failed(error: unknown): void;
}

/** A place in the queue. */
export class Ticket implements Linked<Ticket> {
  previousLink: Ticket | undefined = undefined;
  nextLink: Ticket | undefined = undefined;

  constructor(readonly waiter: PoolWaiter) {}
}
