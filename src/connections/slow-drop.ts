import { hold, isDelivering, type Release } from '../../operators/core/deliver.js';
import type { Deadline, Deadlines } from './timeouts.js';

/** Milliseconds between reads; in each goes what a socket holds, 128 KiB unless told otherwise. */
const PAUSE = 10;
/** A peer who sends more than this after it was told is cut off. Bytes. */
const MOST = 262_144;

/**
 * What still comes on a connection that has ended its side is dropped, so that the peer gets to read why. But slowly, and not without
 * end: a peer who was thrown out may go on sending as fast as it can.
 */
export class SlowDrop {
  readonly #clock: Deadline;
  readonly #connection: { readonly received: number };
  readonly #enough: () => void;
  #from: number | undefined = undefined;
  #held: Release[] = [];

  /** @param enough called when the peer has sent too much. */
  constructor(deadlines: Deadlines, connection: { readonly received: number }, enough: () => void) {
    this.#clock = deadlines.create(() => this.stop());
    this.#connection = connection;
    this.#enough = enough;
  }

  /** Call it inside the delivery of what is dropped. */
  dropped(): void {
    if (!isDelivering()) return;
    const { received } = this.#connection;
    this.#from ??= received;
    if (received - this.#from > MOST) return this.#enough();
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
