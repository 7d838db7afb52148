import type { Subscription } from 'rxjs';
import { ProtocolError, TimeoutError } from '../../operators/core/protocol-error.js';
import type { Deadlines } from '../connections/timeouts.js';
import { LinkedList } from '../connections/linked-list.js';
import type { PoolOptions } from './client-options.js';
import type { ConnectionOptions } from './connection-options.js';
import type { Stage } from './open-route.js';
import type { TlsSessions } from './tls-sessions.js';
import { dial, type Dialled, type Versions } from './dial.js';
import { Http1Lease, type Http1LeaseHooks } from './http1-lease.js';
import { Http2Lease, type Http2LeaseHooks } from './http2-lease.js';
import type { Lease } from './lease.js';
import { Ticket, type PoolWaiter } from './pool-waiter.js';
import type { Route } from './route.js';
import type { Target } from './target.js';

/** The connections to one origin with one set of options, and who waits for them. */
export class Pool implements Http1LeaseHooks, Http2LeaseHooks {
  readonly target: Target;
  readonly options: ConnectionOptions;
  readonly route: Route;
  readonly #limits: PoolOptions;
  readonly #deadlines: Deadlines;
  readonly #sessions: TlsSessions;
  readonly versions: Versions;
  readonly #open = new Set<Lease>();
  /** Those of HTTP/2 that take requests, the one made last first. */
  readonly #multiplexed: Http2Lease[] = [];
  /** What the origin speaks, once that is known: then, or else, one connection is made at a time. */
  #speaksHttp1: boolean;
  /** The last one in is the first one out: it is the least likely to have died. */
  readonly #idle: Http1Lease[] = [];
  readonly #waiting = new LinkedList<Ticket>();
  readonly #attempts: Subscription[] = [];
  #sweeping = false;
  #closed = false;

  constructor(
    target: Target,
    options: ConnectionOptions,
    route: Route,
    versions: Versions,
    limits: PoolOptions,
    deadlines: Deadlines,
    sessions: TlsSessions,
  ) {
    this.target = target;
    this.options = options;
    this.route = route;
    this.versions = versions;
    this.#speaksHttp1 = versions === 'http1';
    this.#limits = limits;
    this.#deadlines = deadlines;
    this.#sessions = sessions;
  }

  get stats(): { open: number; idle: number; connecting: number; queued: number } {
    return {
      open: this.#open.size,
      idle: this.#idle.length + this.#multiplexed.filter(({ idle }) => idle).length,
      connecting: this.#attempts.length,
      queued: this.#waiting.size,
    };
  }

  get connections(): Iterable<Lease> {
    return this.#open;
  }

  get empty(): boolean {
    return this.#open.size === 0 && this.#attempts.length === 0 && this.#waiting.size === 0;
  }

  /** Calls `waiter.connected`, now if a connection is free. */
  acquire(waiter: PoolWaiter): void {
    const free = this.#multiplex() ?? this.#take() ?? this.#shared(waiter);
    if (free) {
      waiter.connected(free);
      return free.unused();
    }
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
  offer(lease: Http1Lease): void {
    const { connection } = lease;
    for (let ticket = this.#waiting.first; ticket !== undefined; ticket = this.#waiting.first) {
      if (!connection.idle && !this.#fits(lease, ticket.waiter)) break;
      this.#leave(ticket);
      ticket.waiter.connected(lease);
    }
    if (!connection.idle || this.#idle.includes(lease)) return; // entered from below, where all is answered at once
    if (this.#closed) return lease.connection.close();
    this.#idle.push(lease);
    lease.expiry.arm(Math.min(this.#limits.keepAlive, lease.keepAliveHint ?? Infinity));
    this.#sweepLater();
  }

  remove(lease: Http1Lease): void {
    if (!this.#open.delete(lease)) return;
    lease.expiry.disarm();
    const at = this.#idle.indexOf(lease);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#connectIfNeeded();
  }

  /** A connection of HTTP/2 takes another request. */
  spare(lease: Http2Lease): void {
    for (let ticket = this.#waiting.first; ticket !== undefined && lease.spare; ticket = this.#waiting.first) {
      this.#leave(ticket);
      this.#wake(lease);
      ticket.waiter.connected(lease);
    }
    if (!lease.idle) return;
    if (this.#closed) return lease.close();
    lease.expiry.arm(this.#limits.keepAlive);
    this.#sweepLater();
  }

  draining(lease: Http2Lease): void {
    const at = this.#multiplexed.indexOf(lease);
    if (at < 0) return;
    this.#multiplexed.splice(at, 1);
    this.#connectIfNeeded();
  }

  removed(lease: Http2Lease): void {
    if (!this.#open.delete(lease)) return;
    this.draining(lease);
    this.#connectIfNeeded();
  }

  /** Idle connections close now, the others when they are done; waiting requests are still served. */
  close(): void {
    this.#closed = true;
    for (const lease of this.#multiplexed.filter(({ idle }) => idle)) lease.close();
    for (const lease of this.#idle.splice(0)) lease.connection.close();
  }

  #multiplex(): Http2Lease | undefined {
    for (const lease of this.#multiplexed) {
      if (!lease.spare) continue;
      this.#wake(lease);
      return lease;
    }
    return undefined;
  }

  /** It is about to be used. */
  #wake(lease: Http1Lease | Http2Lease): void {
    if (lease.expiry.armed) lease.expiry.disarm();
    if (!lease.resting) return;
    lease.resting = false;
    lease.socket.ref();
  }

  #take(): Http1Lease | undefined {
    const lease = this.#idle.pop();
    if (lease !== undefined) this.#wake(lease);
    return lease;
  }

  #shared(waiter: PoolWaiter): Http1Lease | undefined {
    if (this.#limits.pipelining < 2) return undefined;
    for (const lease of this.#open) if (lease instanceof Http1Lease && this.#fits(lease, waiter)) return lease;
    return undefined;
  }

  /** Whether this request may be written behind those not yet answered. */
  #fits(lease: Http1Lease, waiter: PoolWaiter): boolean {
    const { connection } = lease;
    return waiter.pipelinable && connection.inFlight < this.#limits.pipelining && connection.pipelinable;
  }

  #leave(ticket: Ticket): void {
    this.#waiting.delete(ticket);
    ticket.waiter.ticket = undefined;
  }

  /** As many connections as there are requests waiting; where HTTP/2 is or may be spoken, one. @param newest has just joined. */
  #connectIfNeeded(newest?: PoolWaiter): void {
    if (!this.#speaksHttp1) {
      const waiter = newest ?? this.#waiting.first?.waiter;
      if (waiter && this.#attempts.length === 0 && this.#multiplexed.length === 0) this.#connect(waiter);
      return;
    }
    const { maxConnections } = this.#limits;
    while (this.#attempts.length < this.#waiting.size && this.#open.size + this.#attempts.length < maxConnections) {
      const waiter = newest ?? this.#waiting.first?.waiter;
      if (waiter) this.#connect(waiter);
    }
  }

  #connect(waiter: PoolWaiter): void {
    const { target, options, route, versions } = this;
    const { limits } = waiter.clock;
    let limit = limits.connect;
    const deadline = this.#deadlines.create(() => {
      attempt.unsubscribe();
      this.#attemptFailed(new TimeoutError('connect', limit));
    });
    const stage: Stage = (kind) => {
      limit = limits[kind];
      deadline.arm(limit);
    };
    let attempt!: Subscription;
    const over = (): void => {
      deadline.disarm();
      const at = this.#attempts.indexOf(attempt);
      if (at >= 0) this.#attempts.splice(at, 1);
    };
    stage('connect');
    waiter.connecting();
    let settled = false;
    const opening = { stage, scheduler: this.#deadlines.scheduler, sessions: this.#sessions };
    attempt = dial(target, options, route, versions, this.#limits.http2.settings, opening).subscribe({
      next: (dialled) => {
        settled = true;
        over();
        this.#connected(dialled);
      },
      error: (error: unknown) => {
        settled = true;
        over();
        this.#attemptFailed(error);
      },
    });
    attempt.add(over);
    if (settled) return;
    this.#attempts.push(attempt);
    if (this.#attempts.length > this.#waiting.size) attempt.unsubscribe(); // it left as it was told of this
  }

  #connected(dialled: Dialled): void {
    const { socket, http2 } = dialled;
    this.#speaksHttp1 = !http2;
    if (http2) return this.#connectedHttp2(dialled);
    const lease = new Http1Lease(this, socket, this.#deadlines, this.#limits.limits);
    this.#open.add(lease);
    lease.connection.open();
    if (!lease.connection.closed) this.offer(lease);
    this.#connectIfNeeded(); // those who waited to learn what is spoken
  }

  #connectedHttp2({ socket, upgraded }: Dialled): void {
    const lease = new Http2Lease(this, socket, this.#deadlines, this.#limits.http2, upgraded);
    this.#open.add(lease);
    this.#multiplexed.unshift(lease);
    lease.open();
    if (lease.connection.state === 'open') this.spare(lease);
  }

  /** The request that has waited longest learns of it; where all wait for one connection, all do. */
  #attemptFailed(error: unknown): void {
    const told: PoolWaiter[] = [];
    for (let ticket = this.#waiting.first; ticket !== undefined; ticket = this.#waiting.first) {
      this.#leave(ticket);
      told.push(ticket.waiter);
      if (this.#speaksHttp1) break;
    }
    for (const waiter of told) waiter.failed(error);
    this.#connectIfNeeded();
  }

  /** Lets connections that stay idle over this turn of the event loop stop keeping the process alive. */
  #sweepLater(): void {
    if (this.#sweeping) return;
    this.#sweeping = true;
    setImmediate(() => {
      this.#sweeping = false;
      for (const lease of this.#idle) rest(lease);
      for (const lease of this.#multiplexed) if (lease.idle) rest(lease);
    });
  }
}

function rest(lease: Http1Lease | Http2Lease): void {
  if (lease.resting) return;
  lease.resting = true;
  lease.socket.unref();
}
