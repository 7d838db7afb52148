import type { Subscription } from 'rxjs';
import { ProtocolError, TimeoutError } from '../../operators/core/protocol-error.js';
import { isDigits, splitList } from '../../operators/http/field-syntax.js';
import { ClientConnection } from '../../operators/http1/client-connection.js';
import type { Http1Limits } from '../../operators/http1/limits.js';
import type { Deadline, Deadlines } from '../connections/timeouts.js';
import { type Linked, LinkedList } from '../connections/linked-list.js';
import type { ByteDuplex } from '../sockets/byte-duplex.js';
import { nodeNetwork } from '../sockets/network.js';
import type { ConnectionOptions } from './connection-options.js';
import type { Target } from './target.js';

/** One request's wish for a connection. */
export interface PoolWaiter {
  /** May share a connection with requests not yet answered. */
  readonly pipelinable: boolean;
  /** Milliseconds for making a connection. */
  readonly connectTimeout: number;
  /** Its place in the queue; the pool's. */
  ticket: Ticket | undefined;
  /** No connection is free. */
  queued(): void;
  /** One is being made for it. */
  connecting(): void;
  /** It is this request's turn: it must begin an exchange, or close the connection. */
  connected(lease: PooledConnection): void;
  failed(error: unknown): void;
}

/** A place in the queue. */
export class Ticket implements Linked<Ticket> {
  previousLink: Ticket | undefined = undefined;
  nextLink: Ticket | undefined = undefined;

  constructor(readonly waiter: PoolWaiter) {}
}

export interface PoolOptions {
  readonly maxConnections: number;
  readonly maxQueued: number;
  readonly keepAlive: number;
  readonly pipelining: number;
  readonly limits: Partial<Http1Limits> | undefined;
}

/** A connection with its place in the pool. */
export class PooledConnection {
  readonly connection: ClientConnection;
  readonly socket: ByteDuplex;
  /** Closes it when it has been idle too long. */
  readonly expiry: Deadline;
  /** Idle and not keeping the process alive. */
  resting = false;
  /** What the server allows, in milliseconds, if it said. */
  keepAliveHint: number | undefined;

  /** Takes in the value of a `Keep-Alive` field: we let go a second before the server does. */
  hint(value: string): void {
    for (const member of splitList(value)) {
      const [name, seconds] = member.split('=');
      if (name?.toLowerCase() === 'timeout' && seconds !== undefined && isDigits(seconds)) {
        this.keepAliveHint = Math.max(1, Number(seconds) * 1000 - 1000);
      }
    }
  }

  constructor(pool: Pool, socket: ByteDuplex, deadlines: Deadlines, limits: Partial<Http1Limits> | undefined) {
    this.socket = socket;
    this.expiry = deadlines.create(() => this.connection.close());
    this.connection = new ClientConnection(
      socket,
      { available: () => pool.offer(this), closed: () => pool.remove(this) },
      limits,
    );
  }
}

/** The connections to one origin with one set of options, and who waits for them. */
export class Pool {
  readonly target: Target;
  readonly options: ConnectionOptions;
  readonly #limits: PoolOptions;
  readonly #deadlines: Deadlines;
  readonly #open = new Set<PooledConnection>();
  /** The last one in is the first one out: it is the least likely to have died. */
  readonly #idle: PooledConnection[] = [];
  readonly #waiting = new LinkedList<Ticket>();
  readonly #attempts: Subscription[] = [];
  #sweeping = false;
  #closed = false;

  constructor(target: Target, options: ConnectionOptions, limits: PoolOptions, deadlines: Deadlines) {
    this.target = target;
    this.options = options;
    this.#limits = limits;
    this.#deadlines = deadlines;
  }

  get stats(): { open: number; idle: number; connecting: number; queued: number } {
    return {
      open: this.#open.size,
      idle: this.#idle.length,
      connecting: this.#attempts.length,
      queued: this.#waiting.size,
    };
  }

  get connections(): Iterable<PooledConnection> {
    return this.#open;
  }

  get empty(): boolean {
    return this.#open.size === 0 && this.#attempts.length === 0 && this.#waiting.size === 0;
  }

  /** Calls `waiter.connected`, now if a connection is free. */
  acquire(waiter: PoolWaiter): void {
    const free = this.#take() ?? this.#shared(waiter);
    if (free) return waiter.connected(free);
    if (this.#waiting.size >= this.#limits.maxQueued) {
      return waiter.failed(
        new ProtocolError('QUEUE_LIMIT', `${this.#limits.maxQueued} requests to ${this.target.origin} wait already`, {
          scope: 'message',
          initiator: 'local',
          limit: 'maxQueued',
        }),
      );
    }
    waiter.ticket = new Ticket(waiter);
    this.#waiting.add(waiter.ticket);
    waiter.queued();
    this.#connectIfNeeded(waiter);
  }

  /** The waiter no longer wants one; an attempt nobody waits for is given up. */
  withdraw(waiter: PoolWaiter): void {
    if (waiter.ticket === undefined) return;
    this.#leave(waiter.ticket);
    if (this.#attempts.length > this.#waiting.size) this.#attempts[this.#attempts.length - 1]?.unsubscribe();
  }

  /** A connection is fit for another request: idle, or, with pipelining, waiting for answers only. */
  offer(lease: PooledConnection): void {
    const { connection } = lease;
    for (let ticket = this.#waiting.first; ticket !== undefined; ticket = this.#waiting.first) {
      if (!connection.idle && !this.#fits(lease, ticket.waiter)) break;
      this.#leave(ticket);
      ticket.waiter.connected(lease);
    }
    if (!connection.idle) return;
    if (this.#closed) return lease.connection.close();
    this.#idle.push(lease);
    lease.expiry.arm(Math.min(this.#limits.keepAlive, lease.keepAliveHint ?? Infinity));
    this.#sweepLater();
  }

  remove(lease: PooledConnection): void {
    if (!this.#open.delete(lease)) return;
    lease.expiry.disarm();
    const at = this.#idle.indexOf(lease);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#connectIfNeeded();
  }

  /** Idle connections close now, the others when they are done; waiting requests are still served. */
  close(): void {
    this.#closed = true;
    for (const lease of this.#idle.splice(0)) lease.connection.close();
  }

  #take(): PooledConnection | undefined {
    const lease = this.#idle.pop();
    if (lease === undefined) return undefined;
    lease.expiry.disarm();
    if (lease.resting) {
      lease.resting = false;
      lease.socket.ref();
    }
    return lease;
  }

  #shared(waiter: PoolWaiter): PooledConnection | undefined {
    if (this.#limits.pipelining < 2) return undefined;
    for (const lease of this.#open) if (this.#fits(lease, waiter)) return lease;
    return undefined;
  }

  /** Whether this request may be written behind those not yet answered. */
  #fits(lease: PooledConnection, waiter: PoolWaiter): boolean {
    const { connection } = lease;
    return waiter.pipelinable && connection.inFlight < this.#limits.pipelining && connection.pipelinable;
  }

  #leave(ticket: Ticket): void {
    this.#waiting.delete(ticket);
    ticket.waiter.ticket = undefined;
  }

  /** Makes as many connections as there are requests waiting. @param newest the one that has just joined the queue. */
  #connectIfNeeded(newest?: PoolWaiter): void {
    const { maxConnections } = this.#limits;
    while (this.#attempts.length < this.#waiting.size && this.#open.size + this.#attempts.length < maxConnections) {
      const waiter = newest ?? this.#waiting.first?.waiter;
      if (waiter) this.#connect(waiter);
    }
  }

  #connect(waiter: PoolWaiter): void {
    const { target, options } = this;
    const deadline = this.#deadlines.create(() => {
      attempt.unsubscribe();
      this.#attemptFailed(new TimeoutError('connect', waiter.connectTimeout));
    });
    const source = (options.network ?? nodeNetwork).connect({
      host: target.host,
      port: target.port,
      path: options.socketPath,
      localAddress: options.localAddress,
      localPort: options.localPort,
      family: options.family,
      lookup: options.lookup as never,
      highWaterMark: options.highWaterMark,
      tls: target.secure ? (options.tls ?? {}) : undefined,
      alpn: target.secure ? ['http/1.1'] : undefined,
    });
    let attempt!: Subscription;
    const over = (): void => {
      deadline.disarm();
      const at = this.#attempts.indexOf(attempt);
      if (at >= 0) this.#attempts.splice(at, 1);
    };
    deadline.arm(waiter.connectTimeout);
    waiter.connecting();
    let settled = false;
    attempt = source.subscribe({
      next: (socket) => {
        settled = true;
        over();
        this.#connected(socket);
      },
      error: (error: unknown) => {
        settled = true;
        over();
        this.#attemptFailed(error);
      },
    });
    attempt.add(over);
    if (!settled) this.#attempts.push(attempt);
  }

  #connected(socket: ByteDuplex): void {
    const lease = new PooledConnection(this, socket, this.#deadlines, this.#limits.limits);
    this.#open.add(lease);
    lease.connection.open();
    if (!lease.connection.closed) this.offer(lease);
  }

  /** The request that has waited longest learns of it; the others go on waiting. */
  #attemptFailed(error: unknown): void {
    const ticket = this.#waiting.first;
    if (ticket) {
      this.#leave(ticket);
      ticket.waiter.failed(error);
    }
    this.#connectIfNeeded();
  }

  /** Lets connections that stay idle over this turn of the event loop stop keeping the process alive. */
  #sweepLater(): void {
    if (this.#sweeping) return;
    this.#sweeping = true;
    setImmediate(() => {
      this.#sweeping = false;
      for (const lease of this.#idle) {
        if (lease.resting) continue;
        lease.resting = true;
        lease.socket.unref();
      }
    });
  }
}
