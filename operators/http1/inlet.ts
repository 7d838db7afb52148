import type { Observer, Subscription } from 'rxjs';
import { hold, relay, type Release } from '../core/deliver.js';
import type { ByteSubject } from './detach.js';

/** Takes the pieces of a body. */
export interface BodySink {
  received(chunk: Uint8Array, extension: string): void;
}

/** The inbound side of a connection: passes on what the socket delivers, and knows whether somebody keeps some of it. */
export class Inlet {
  /** Bytes read so far. */
  received = 0;
  #observer: Observer<Uint8Array>;
  #subscription: Subscription | undefined = undefined;
  #closed = false;
  /** Pieces of bodies delivered and not released. */
  #held = 0;
  #passing = false;
  #stalled: Release[] = [];
  #sink: BodySink | undefined = undefined;
  #extension = '';
  readonly #free: () => void;
  readonly #body = { next: (chunk: Uint8Array): void => this.#sink?.received(chunk, this.#extension) };
  readonly #released = (): void => {
    this.#held--;
    if (this.#held === 0 && !this.#passing) this.#free();
  };

  /** @param free called when a consumer holds nothing any more, never inside {@link pass}. */
  constructor(observer: Observer<Uint8Array>, free: () => void) {
    this.#observer = observer;
    this.#free = free;
  }

  open(socket: ByteSubject): void {
    this.#subscription = socket.subscribe({
      next: (chunk) => {
        this.received += chunk.length;
        this.#observer.next(chunk);
      },
      error: (error: unknown) => this.#observer.error(error),
      complete: () => this.#observer.complete(),
    });
    if (this.#closed) this.#subscription.unsubscribe();
  }

  /** Passes a piece of a body on; while it is held, so is the chunk it came in. */
  pass(chunk: Uint8Array, extension: string, sink: BodySink): void {
    this.#sink = sink;
    this.#extension = extension;
    this.#held++;
    this.#passing = true;
    relay(this.#body, chunk, this.#released);
    this.#passing = false;
  }

  /** Somebody holds a piece of a body. */
  get consumerHolds(): boolean {
    return this.#held > 0;
  }

  /** Keeps the chunk now on the stack, and with it the peer from sending ever more, until {@link letGo}. */
  stall(): void {
    this.#stalled.push(hold());
  }

  letGo(): void {
    if (this.#stalled.length === 0) return;
    for (const release of this.#stalled.splice(0)) release();
  }

  /** What comes from now on is another's. */
  redirect(observer: Observer<Uint8Array>): void {
    this.#observer = observer;
  }

  close(): void {
    this.#closed = true;
    this.#subscription?.unsubscribe();
  }
}
