import { Observable, Subject, type Subscriber } from 'rxjs';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { ByteDuplex } from './byte-duplex.js';

/** What a gate does with the connections that come to it. */
export interface AcceptHooks<Raw> {
  /** Makes a connection of it; it comes out of `connections` with {@link AcceptGate.emit}, now or later. */
  accept(raw: Raw): void;
  /** There is no room, or nobody to take it. */
  refuse(raw: Raw): void;
  /** The consumer has left. */
  abandoned(): void;
}

/** Connections that may wait for a consumer, or for the end of a pause: what a kernel's backlog would hold. */
const DEFAULT_BACKLOG = 511;

/**
 * Where incoming connections wait, unread, until there is a consumer and no pause. The kernel cannot be told to stop
 * accepting without giving up the address; this has the same effect on the peers.
 */
export class AcceptGate<Raw> {
  readonly #hooks: AcceptHooks<Raw>;
  readonly #room: number;
  readonly #errors = new Subject<unknown>();
  #waiting: Raw[] = [];
  #subscriber: Subscriber<ByteDuplex> | undefined;
  #claimed = false;
  #paused = false;
  #full = false;
  #closed = false;
  /** One consumer; completes with {@link close}. */
  readonly connections: Observable<ByteDuplex>;
  readonly errors: Observable<unknown> = this.#errors.asObservable();

  constructor(hooks: AcceptHooks<Raw>, room = DEFAULT_BACKLOG) {
    this.#hooks = hooks;
    this.#room = room;
    this.connections = new Observable((subscriber) => this.#claim(subscriber));
  }

  offer(raw: Raw): void {
    if (this.#closed) this.#hooks.refuse(raw);
    else if (this.#subscriber !== undefined && !this.#paused && !this.#full) this.#hooks.accept(raw);
    else if (this.#waiting.length < this.#room) this.#waiting.push(raw);
    else this.#hooks.refuse(raw);
  }

  /** Hands a connection to the consumer; false if there is none any more. */
  emit(connection: ByteDuplex): boolean {
    if (this.#subscriber === undefined) return false;
    this.#subscriber.next(connection);
    return true;
  }

  report(error: unknown): void {
    this.#errors.next(error);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#admit();
  }

  /** A second reason to wait, apart from the pause: there is no room for those that are not ready yet. */
  full(full: boolean): void {
    this.#full = full;
    if (!full) this.#admit();
  }

  /** Nothing comes any more; what was accepted may still be emitted, until {@link close}. */
  stop(): void {
    this.#closed = true;
    for (const raw of this.#waiting.splice(0)) this.#hooks.refuse(raw);
  }

  close(): void {
    this.stop();
    const subscriber = this.#subscriber;
    this.#subscriber = undefined;
    subscriber?.complete();
    this.#errors.complete();
  }

  #claim(subscriber: Subscriber<ByteDuplex>): void {
    if (this.#claimed) {
      subscriber.error(new UsageError('ALREADY_SUBSCRIBED', 'a listener has one consumer, and it has subscribed'));
      return;
    }
    this.#claimed = true;
    if (this.#closed) return subscriber.complete();
    this.#subscriber = subscriber;
    subscriber.add(() => {
      if (this.#subscriber === undefined) return;
      this.#subscriber = undefined;
      this.#hooks.abandoned();
    });
    this.#admit();
  }

  #admit(): void {
    while (this.#waiting.length > 0 && this.#subscriber !== undefined && !this.#paused && !this.#full) {
      this.#hooks.accept(this.#waiting.shift() as Raw);
    }
  }
}
