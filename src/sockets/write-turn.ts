import type { Duplex } from 'node:stream';
import { turn } from './turn.js';

/** A chunk up to this size waits for the end of the turn, while nothing is backed up. Bytes. */
const SMALL = 4096;
const MOST = 16_384;

/**
 * Small chunks for one stream, kept until all sockets that were ready have been read. What is written in one turn then
 * leaves in one write, and the writes of many connections leave together: a peer that sleeps is woken once for all of
 * them, which, measured, is worth more than the moment lost.
 */
export class TurnBuffer {
  /** What is kept. */
  bytes = 0;
  readonly #stream: Duplex;
  #first: Uint8Array | undefined = undefined;
  #more: Uint8Array[] | undefined = undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** Keeps the chunk or writes it; whether it may go on so, or there is a drain to come. */
  write(chunk: Uint8Array): boolean {
    if (this.#keep(chunk)) return true;
    this.flush();
    // The kernel may have taken all of it although the stream asks for a drain.
    return this.#stream.write(chunk) || this.#stream.writableLength === 0;
  }

  #keep(chunk: Uint8Array): boolean {
    const { length } = chunk;
    if (length > SMALL || this.bytes + length > MOST || this.#stream.writableLength > 0) return false;
    this.bytes += length;
    if (this.#first !== undefined) (this.#more ??= []).push(chunk);
    else {
      this.#first = chunk;
      turn.sent(this);
    }
    return true;
  }

  flush(): void {
    const first = this.#first;
    if (first === undefined) return;
    const stream = this.#stream;
    const more = this.#more;
    this.#first = undefined;
    this.#more = undefined;
    this.bytes = 0;
    if (!stream.writable) return;
    if (more === undefined) {
      stream.write(first);
      return;
    }
    stream.cork();
    stream.write(first);
    for (const chunk of more) stream.write(chunk);
    stream.uncork();
  }
}
