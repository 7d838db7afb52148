import { hold, isDelivering, type Release } from '../../operators/core/deliver.js';
import type { Deadline, Deadlines } from './timeouts.js';

/** Milliseconds between reads; in each goes what a socket holds, 128 KiB unless told otherwise. */
const PAUSE = 20;

/**
 * What still comes on a connection that has ended its side is dropped until the time for that is over, so that a peer who is in the middle of
 * a body gets to read why. But slowly: one that was thrown out may go on sending as fast as it can.
 */
export class SlowDrop {
  readonly #clock: Deadline;
  #held: Release[] = [];

  constructor(deadlines: Deadlines) {
    this.#clock = deadlines.create(() => this.stop());
  }

  /** Call it inside the delivery of what is dropped. */
  dropped(): void {
    if (!isDelivering()) return;
    this.#held.push(hold());
    if (!this.#clock.armed) this.#clock.arm(PAUSE);
  }

  stop(): void {
    this.#clock.disarm();
    const held = this.#held;
    this.#held = [];
    for (const release of held) release();
  }
}
