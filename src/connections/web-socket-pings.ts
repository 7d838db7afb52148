import { Observable, type Subscriber } from 'rxjs';
import { TimeoutError } from '../../operators/core/protocol-error.js';
import type { WebSocketConnection } from '../../operators/websocket/connection.js';
import type { Deadline, Deadlines } from './timeouts.js';
import { notOpen } from './web-socket-outbox.js';

interface Waiting {
  readonly id: number;
  readonly sentAt: number;
  /** undefined: a ping that keeps alive. */
  readonly subscriber: Subscriber<number> | undefined;
}

/** Pings that may wait for their answer. */
const MOST_WAITING = 64;

/** Pings of ours: each has a number for its payload, and a pong answers those before it too (RFC 6455 §5.5.3). */
export class WebSocketPings {
  readonly #connection: WebSocketConnection;
  readonly #deadlines: Deadlines;
  #waiting: Waiting[] = [];
  #last = 0;
  #alive: KeepAlive | undefined = undefined;

  constructor(connection: WebSocketConnection, deadlines: Deadlines) {
    this.#connection = connection;
    this.#deadlines = deadlines;
  }

  /** Sends a ping every so often. @param dead called where one is not answered in time */
  keepAlive(interval: number, timeout: number, dead: (error: TimeoutError) => void): void {
    const held = (): boolean => this.#connection.heldBytes > 0;
    this.#alive = new KeepAlive(this.#deadlines, interval, timeout, { ping: () => this.#send(undefined), held, dead });
  }

  /** Bytes came: the peer is there. */
  heard(): void {
    this.#alive?.heard();
  }

  /** Emits the milliseconds to its answer. */
  ping(): Observable<number> {
    return new Observable((subscriber) => {
      if (this.#connection.state !== 'open' || this.#waiting.length >= MOST_WAITING) throw notOpen();
      this.#send(subscriber);
    });
  }

  pong(payload: Uint8Array): void {
    if (payload.length !== 4) return;
    const id = Buffer.from(payload.buffer, payload.byteOffset, 4).readUInt32BE();
    const at = this.#waiting.findIndex((waiting) => waiting.id === id);
    if (at < 0) return;
    const now = this.#deadlines.now();
    for (const { subscriber, sentAt } of this.#waiting.splice(0, at + 1)) {
      subscriber?.next(now - sentAt);
      subscriber?.complete();
    }
    this.#alive?.answered();
  }

  stop(): void {
    this.#alive?.stop();
    for (const { subscriber } of this.#waiting.splice(0)) subscriber?.error(notOpen());
  }

  #send(subscriber: Subscriber<number> | undefined): void {
    const id = (this.#last = (this.#last + 1) >>> 0);
    const payload = Buffer.allocUnsafe(4);
    payload.writeUInt32BE(id);
    this.#waiting.push({ id, sentAt: this.#deadlines.now(), subscriber });
    this.#connection.ping(payload);
  }
}

interface KeepAliveHooks {
  ping(): void;
  /** A consumer holds: the answer may be there, unread. */
  held(): boolean;
  dead(error: TimeoutError): void;
}

class KeepAlive {
  readonly #clock: Deadline;
  readonly #interval: number;
  readonly #timeout: number;
  readonly #hooks: KeepAliveHooks;
  #waits = false;
  #heard = false;

  constructor(deadlines: Deadlines, interval: number, timeout: number, hooks: KeepAliveHooks) {
    this.#interval = interval;
    this.#timeout = timeout;
    this.#hooks = hooks;
    this.#clock = deadlines.create(() => this.#expired());
    this.#clock.arm(interval);
  }

  heard(): void {
    this.#heard = true;
  }

  answered(): void {
    this.#waits = false;
    this.#clock.arm(this.#interval);
  }

  stop(): void {
    this.#clock.disarm();
  }

  #expired(): void {
    if (!this.#waits) {
      this.#waits = true;
      this.#heard = false;
      this.#clock.arm(this.#timeout); // before the ping, which may be answered at once
      this.#hooks.ping();
    } else if (this.#heard || this.#hooks.held()) {
      this.#heard = false; // it waits behind something long
      this.#clock.arm(this.#timeout);
    } else this.#hooks.dead(new TimeoutError('ping', this.#timeout));
  }
}
