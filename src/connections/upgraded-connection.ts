import { Observable, type Subscriber } from 'rxjs';
import { DuplexSubject } from '../../operators/core/duplex-subject.js';
import { Feed } from '../../operators/core/feed.js';
import type { ServedConnection, ServedSocket } from './served-connection.js';

export interface UpgradedHooks {
  /** Both directions have ended, or one of them badly; called once. */
  closed(error: unknown, connection: ServedConnection): void;
}

/** A connection of a server that has left HTTP: counted until it has ended, and all that is kept of what it was. */
export class UpgradedConnection implements ServedConnection {
  readonly socket: ServedSocket;
  readonly active = 0;
  readonly waiting = undefined;
  /** For its new owner. */
  readonly stream: DuplexSubject<Uint8Array, Uint8Array>;
  readonly #hooks: UpgradedHooks;
  /** Directions. */
  #open = 2;

  /** @param bytes the same as `socket`, with what was read too far in front */
  constructor(socket: ServedSocket, bytes: DuplexSubject<Uint8Array, Uint8Array>, hooks: UpgradedHooks) {
    this.socket = socket;
    this.stream = new UpgradedStream(bytes, this);
    this.#hooks = hooks;
  }

  get held(): number {
    return this.socket.heldBytes ?? 0;
  }

  get unsent(): number {
    return this.socket.bufferedBytes ?? 0;
  }

  open(): void {
    // its new owner reads it
  }

  close(): void {
    // its new owner is told elsewhere that the server closes
  }

  destroy(error: unknown): void {
    this.stream.error(error);
  }

  ended(directions: number): void {
    if (this.#open <= 0) return;
    this.#open -= directions;
    if (this.#open <= 0) this.#hooks.closed(undefined, this);
  }
}

/** The bytes both ways, whose ends are seen. */
class UpgradedStream extends DuplexSubject<Uint8Array, Uint8Array> {
  readonly #connection: UpgradedConnection;
  #sending = true;

  constructor(bytes: DuplexSubject<Uint8Array, Uint8Array>, connection: UpgradedConnection) {
    super(new Observable((subscriber) => bytes.subscribe(new Reader(subscriber, connection))), bytes, bytes.info);
    this.#connection = connection;
  }

  override error(error: unknown): void {
    super.error(error);
    this.#connection.ended(2);
  }

  override complete(): void {
    super.complete();
    if (this.#sending) this.#connection.ended(1);
    this.#sending = false;
  }
}

class Reader extends Feed<Uint8Array> {
  readonly #connection: UpgradedConnection;

  constructor(to: Subscriber<Uint8Array>, connection: UpgradedConnection) {
    super(to);
    this.#connection = connection;
  }

  override error(error: unknown): void {
    if (!this.isStopped) this.#connection.ended(2);
    super.error(error);
  }

  override complete(): void {
    if (!this.isStopped) this.#connection.ended(1);
    super.complete();
  }

  override unsubscribe(): void {
    const left = !this.isStopped;
    super.unsubscribe();
    if (left) this.#connection.ended(2);
  }
}
