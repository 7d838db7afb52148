import type { Observer } from 'rxjs';
import { hold, type Release } from '../core/deliver.js';
import type { DuplexSubject } from '../core/duplex-subject.js';
import { Feed } from '../core/feed.js';
import type { WebSocketDecoder } from './decoder.js';

export interface InletHooks {
  /** Whether reading is to stop, for now. */
  stopped(): boolean;
  /** A piece of a frame, in the decoder. A throw breaks the connection. */
  piece(decoder: WebSocketDecoder): void;
  broken(error: unknown): void;
  /** All that can be read now has been. */
  turned(): void;
  /** Something that was read is not done with: the end has to wait. */
  busy(): boolean;
  /** The input is over and read to its end, or the byte stream has failed. */
  ended(error: unknown): void;
}

const NOTHING = new Uint8Array(0);

/** The inbound side of a connection: reads on while it may, and holds the chunks it has not read to their end. */
export class FrameInlet implements Observer<Uint8Array> {
  /** Inside the loop: what is written now leaves at its end. */
  reading = false;
  readonly #decoder: WebSocketDecoder;
  readonly #hooks: InletHooks;
  readonly #feed = new Feed<Uint8Array>(this);
  #unread: Release[] | undefined = undefined;
  #closed = false;
  #ended = false;

  constructor(decoder: WebSocketDecoder, hooks: InletHooks) {
    this.#decoder = decoder;
    this.#hooks = hooks;
  }

  open(socket: DuplexSubject<Uint8Array, Uint8Array>): void {
    socket.subscribe(this.#feed);
  }

  /** Goes on reading, as far as may be. */
  run(): void {
    if (this.reading) return;
    this.reading = true;
    try {
      while (!this.#closed && !this.#hooks.stopped() && this.#decoder.read()) this.#hooks.piece(this.#decoder);
    } catch (error) {
      this.#hooks.broken(error);
    }
    this.reading = false;
    this.#hooks.turned();
    if (this.#decoder.pending) return;
    this.#decoder.bytes = NOTHING; // a connection that is idle keeps no chunk alive
    if (this.#unread !== undefined) this.#letGo();
    if (!this.#ended || this.#hooks.busy()) return;
    this.#ended = false;
    this.#hooks.ended(undefined);
  }

  /** Drops what is not read, and what comes: of the byte stream only its end is waited for. */
  close(): void {
    this.#closed = true;
    this.#decoder.close();
    this.#letGo();
  }

  /** Does not wait for that either. */
  leave(): void {
    this.close();
    this.#feed.unsubscribe();
  }

  /** @internal */
  next(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.#decoder.push(chunk);
    this.run();
    if (this.#decoder.pending) (this.#unread ??= []).push(hold());
  }

  /** @internal */
  error(error: unknown): void {
    this.close();
    this.#hooks.ended(error);
  }

  /** @internal */
  complete(): void {
    this.#ended = true;
    this.run();
  }

  #letGo(): void {
    const unread = this.#unread;
    this.#unread = undefined;
    if (unread !== undefined) for (const release of unread) release();
  }
}
