import { Observable, Subscriber } from 'rxjs';
import { ByteDuplex } from './byte-duplex.js';

/**
 * Looks at what a connection begins with.
 *
 * @param look is given the bytes so far; it answers how many of them it keeps, or undefined while it cannot tell. What it
 *   throws ends the connection.
 */
export type Look = (bytes: Uint8Array) => number | undefined;

/** What a connection has to go through once it was looked at; undefined: nothing. */
export type Onward = (socket: ByteDuplex) => Observable<ByteDuplex> | undefined;

/**
 * Emits the same connection, unread, once `look` has decided, and completes; what it does not keep comes first. Completes
 * without it where the peer ends before it has said anything. Unsubscribing before that closes the connection.
 *
 * @param cut the error for a peer that ends in the middle
 * @param onward what emits the connection in its place
 */
export function peek(socket: ByteDuplex, look: Look, cut: () => unknown, onward: Onward): Observable<ByteDuplex> {
  return new Observable((subscriber) => {
    const peeking = new Peeking(socket, look, cut, onward, subscriber);
    socket.subscribe(peeking);
    return () => peeking.abandon();
  });
}

/** One object for each connection: it is new connections that a port for everything has to be fast at. */
class Peeking extends Subscriber<Uint8Array> {
  readonly #socket: ByteDuplex;
  readonly #look: Look;
  readonly #cut: () => unknown;
  readonly #onward: Onward;
  readonly #out: Subscriber<ByteDuplex>;
  #seen: Uint8Array | undefined;
  #decided = false;

  constructor(socket: ByteDuplex, look: Look, cut: () => unknown, onward: Onward, out: Subscriber<ByteDuplex>) {
    super();
    this.#socket = socket;
    this.#look = look;
    this.#cut = cut;
    this.#onward = onward;
    this.#out = out;
  }

  override next(chunk: Uint8Array): void {
    if (this.#decided) return;
    const bytes = this.#seen === undefined ? chunk : Buffer.concat([this.#seen, chunk]);
    let kept: number | undefined;
    try {
      kept = this.#look(bytes);
    } catch (error) {
      return this.#fail(error);
    }
    if (kept === undefined) {
      this.#seen = bytes === chunk ? Uint8Array.from(chunk) : bytes;
      return;
    }
    this.#decided = true;
    const socket = this.#socket;
    ByteDuplex.portOf(socket).unread(kept === 0 ? bytes : bytes.subarray(kept));
    const onward = this.#onward(socket);
    if (onward !== undefined) {
      onward.subscribe(this.#out);
      return;
    }
    this.#out.next(socket);
    this.#out.complete();
  }

  override error(error: unknown): void {
    if (!this.#decided) this.#out.error(error);
  }

  override complete(): void {
    if (this.#decided) return;
    if (this.#seen !== undefined) return this.#fail(this.#cut());
    this.#decided = true;
    this.#socket.complete();
    this.#out.complete();
  }

  /** Closes the connection, unless it has been decided: it is somebody else's then, and leaving it would close it. */
  abandon(): void {
    if (this.#decided) return;
    this.#decided = true;
    this.unsubscribe();
  }

  #fail(error: unknown): void {
    this.#decided = true;
    this.#socket.error(error);
    this.#out.error(error);
  }
}
