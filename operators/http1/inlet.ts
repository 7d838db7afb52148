import type { Observable, Observer } from 'rxjs';
import { hold, relay, type Release } from '../core/deliver.js';
import { Feed } from '../core/feed.js';

/** Takes the pieces of a body. */
export interface BodySink {
  received(chunk: Uint8Array, extension: string): void;
}

/** Made for the first body. */
interface BodyLane {
  next(chunk: Uint8Array): void;
  readonly released: () => void;
}

/** Gets what the socket delivers. */
export interface InletOwner extends Observer<Uint8Array> {
  /** A consumer holds nothing any more; never called inside {@link Inlet.pass}. */
  freed(): void;
}

/** The inbound side of a connection: passes on what the socket delivers, and knows whether somebody keeps some of it. */
export class Inlet implements Observer<Uint8Array> {
  /** Bytes read so far. */
  received = 0;
  readonly #owner: InletOwner;
  readonly #feed = new Feed<Uint8Array>(this);
  /** Pieces of bodies delivered and not released. */
  #held = 0;
  #passing = false;
  #stalled: Release[] | undefined = undefined;
  #sink: BodySink | undefined = undefined;
  #extension = '';
  #body: BodyLane | undefined = undefined;

  constructor(owner: InletOwner) {
    this.#owner = owner;
  }

  open(bytes: Observable<Uint8Array>): void {
    bytes.subscribe(this.#feed);
  }

  /** @internal */
  next(chunk: Uint8Array): void {
    this.received += chunk.length;
    this.#owner.next(chunk);
  }

  /** @internal */
  error(error: unknown): void {
    this.#owner.error(error);
  }

  /** @internal */
  complete(): void {
    this.#owner.complete();
  }

  /** Passes a piece of a body on; while it is held, so is the chunk it came in. */
  pass(chunk: Uint8Array, extension: string, sink: BodySink): void {
    this.#sink = sink;
    this.#extension = extension;
    this.#held++;
    this.#passing = true;
    const body = (this.#body ??= this.#openBody());
    relay(body, chunk, body.released);
    this.#passing = false;
  }

  /** Somebody holds a piece of a body. */
  get consumerHolds(): boolean {
    return this.#held > 0;
  }

  /** Keeps the chunk now on the stack, and with it the peer from sending ever more, until {@link letGo}. */
  stall(): void {
    (this.#stalled ??= []).push(hold());
  }

  letGo(): void {
    const stalled = this.#stalled;
    this.#stalled = undefined;
    if (stalled !== undefined) for (const release of stalled) release();
  }

  /** What comes from now on is read by another, who closes this. */
  leave(): Feed<Uint8Array> {
    return this.#feed;
  }

  close(): void {
    this.#feed.unsubscribe();
  }

  #openBody(): BodyLane {
    return {
      next: (chunk) => this.#sink?.received(chunk, this.#extension),
      released: () => {
        this.#held--;
        if (this.#held === 0 && !this.#passing) this.#owner.freed();
      },
    };
  }
}
