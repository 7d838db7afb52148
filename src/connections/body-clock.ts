import { RateCredit } from './rate-credit.js';
import type { Deadline, Deadlines } from './timeouts.js';

export interface BodyLimits {
  /** Milliseconds for the whole body. */
  readonly request: number;
  /** Milliseconds before `minRate` counts. */
  readonly rate: number;
  /** Bytes per second; 0 is none. */
  readonly minRate: number;
}

/**
 * The time limits of one request body after the other on a connection. It stands still while the consumer holds some of
 * the body: then the peer is not the one being waited for. Holding and letting go cost no timer.
 */
export class BodyClock {
  readonly #deadlines: Deadlines;
  readonly #deadline: Deadline;
  readonly #limits: BodyLimits;
  readonly #received: () => number;
  readonly #expired: (phase: 'request' | 'rate') => void;
  #startedAt = 0;
  /** Milliseconds the consumer held before now, and since when it does; -1 if not. */
  #held = 0;
  #holdsSince = -1;
  /** The deadline passed while the consumer held. */
  #lapsed = false;
  #credit: RateCredit | undefined = undefined;

  /** @param received bytes read so far. */
  constructor(
    deadlines: Deadlines,
    limits: BodyLimits,
    received: () => number,
    expired: (phase: 'request' | 'rate') => void,
  ) {
    this.#deadlines = deadlines;
    this.#limits = limits;
    this.#received = received;
    this.#expired = expired;
    this.#deadline = deadlines.create(() => this.#look());
  }

  /** A body begins. */
  start(): void {
    const { request, rate, minRate } = this.#limits;
    this.#startedAt = this.#deadlines.now();
    this.#held = 0;
    this.#holdsSince = -1;
    this.#lapsed = false;
    this.#credit = minRate > 0 && rate < Infinity ? new RateCredit(minRate, rate, this.#received(), 0) : undefined;
    this.#deadline.arm(this.#credit ? Math.min(request, rate) : request);
  }

  /** Whether the consumer holds some of it. */
  held(holds: boolean): void {
    if (holds === this.#holdsSince >= 0) return;
    const now = this.#deadlines.now();
    if (holds) {
      this.#holdsSince = now;
      return;
    }
    this.#held += now - this.#holdsSince;
    this.#holdsSince = -1;
    if (!this.#lapsed) return;
    this.#lapsed = false;
    this.#look();
  }

  stop(): void {
    this.#deadline.disarm();
    this.#lapsed = false;
  }

  #look(): void {
    if (this.#holdsSince >= 0) {
      this.#lapsed = true;
      return;
    }
    const passed = this.#deadlines.now() - this.#startedAt - this.#held;
    const left = this.#limits.request - passed;
    const credit = this.#credit;
    if (left <= 0) this.#expired('request');
    else if (credit === undefined) this.#deadline.arm(left);
    else if (credit.check(this.#received(), passed)) this.#deadline.arm(Math.min(left, Math.ceil(credit.left)));
    else this.#expired('rate');
  }
}
