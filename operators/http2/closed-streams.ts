import { StreamStateCode } from './stream-step.js';

const FIRST = 32;
const MOST = 1024;

/**
 * How the streams closed last came to their end: what a frame for one of them is worth depends on it (RFC 9113 §5.1). A ring
 * by identifier: older ones are forgotten, and then the benefit of the doubt goes to the peer.
 */
export class ClosedStreams {
  #ids = new Int32Array(FIRST);
  #states = new Uint8Array(FIRST);
  #forgotten = false;

  add(id: number, state: number): void {
    let slot = id & (this.#ids.length - 1);
    while (this.#ids[slot] !== 0 && this.#ids[slot] !== id) {
      if (this.#ids.length === MOST) {
        this.#forgotten = true;
        break;
      }
      this.#grow();
      slot = id & (this.#ids.length - 1);
    }
    this.#ids[slot] = id;
    this.#states[slot] = state;
  }

  /** The state of a stream that is neither idle nor in use. One that was never used is `passed`, as far as is known. */
  stateOf(id: number): number {
    const slot = id & (this.#ids.length - 1);
    if (this.#ids[slot] === id) return this.#states[slot] as number;
    return this.#forgotten ? StreamStateCode.resetLocal : StreamStateCode.passed;
  }

  #grow(): void {
    const ids = this.#ids;
    const states = this.#states;
    this.#ids = new Int32Array(ids.length * 2);
    this.#states = new Uint8Array(ids.length * 2);
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      if (id === 0) continue;
      this.#ids[id & (this.#ids.length - 1)] = id;
      this.#states[id & (this.#ids.length - 1)] = states[i] as number;
    }
  }
}
