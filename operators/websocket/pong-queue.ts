import { firstByte } from './frame.js';
import type { WebSocketOutput } from './frame-output.js';
import { WebSocketOpcode } from './opcode.js';

const PONG = firstByte(WebSocketOpcode.PONG, true, false);

/** Answers pings: each, or while the way out is backed up only the latest (RFC 6455 §5.5.3). */
export class PongQueue {
  readonly #output: WebSocketOutput;
  #latest: Uint8Array | undefined = undefined;

  constructor(output: WebSocketOutput) {
    this.#output = output;
  }

  pinged(payload: Uint8Array): void {
    if (this.#output.unsent > 0) this.#latest = payload;
    else this.#output.binary(PONG, payload);
  }

  /** The way out is free. */
  drained(): void {
    const payload = this.#latest;
    if (payload === undefined) return;
    this.#latest = undefined;
    this.#output.binary(PONG, payload);
    this.#output.flush();
  }

  clear(): void {
    this.#latest = undefined;
  }
}
