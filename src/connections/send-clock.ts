import { RateCredit } from './rate-credit.js';
import type { Deadline, Deadlines } from './timeouts.js';

/** The minimum rate at which a peer takes what is sent to it; runs only while something is on its way. */
export class SendClock {
  readonly #deadlines: Deadlines;
  readonly #deadline: Deadline;
  readonly #bytesPerSecond: number;
  readonly #grace: number;
  readonly #sent: () => number;
  readonly #expired: () => void;
  #credit: RateCredit | undefined = undefined;

  /** @param sent bytes that have left so far. */
  constructor(deadlines: Deadlines, bytesPerSecond: number, grace: number, sent: () => number, expired: () => void) {
    this.#deadlines = deadlines;
    this.#bytesPerSecond = bytesPerSecond;
    this.#grace = grace;
    this.#sent = sent;
    this.#expired = expired;
    this.#deadline = deadlines.create(() => this.#look());
  }

  /** Something is on its way. What went before may still wait in a buffer of the kernel, and counts. */
  start(): void {
    if (this.#credit !== undefined) return;
    this.#credit = new RateCredit(this.#bytesPerSecond, this.#grace, 0, this.#deadlines.now());
    this.#deadline.arm(this.#grace);
  }

  /** All is sent. */
  stop(): void {
    this.#credit = undefined;
    this.#deadline.disarm();
  }

  #look(): void {
    const credit = this.#credit;
    if (credit === undefined) return;
    if (credit.check(this.#sent(), this.#deadlines.now())) this.#deadline.arm(Math.ceil(credit.left));
    else this.#expired();
  }
}
