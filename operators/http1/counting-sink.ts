import type { ByteSubject } from './detach.js';
import type { OutputSink } from './output.js';

/** The way out to a socket, counting. */
export class CountingSink implements OutputSink {
  /** Bytes handed to the socket so far. */
  written = 0;
  readonly #socket: ByteSubject;

  constructor(socket: ByteSubject) {
    this.#socket = socket;
  }

  next(bytes: Uint8Array): void {
    this.written += bytes.length;
    this.#socket.next(bytes);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }
}
