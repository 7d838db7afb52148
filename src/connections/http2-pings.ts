import type { Deadline, Deadlines } from './timeouts.js';

/** Milliseconds; 0 or Infinity is none. */
export interface PingLimits {
  /** Between an answer and the next question. */
  readonly pingInterval: number;
  readonly pingTimeout: number;
}

/** Asks the peer of an HTTP/2 connection whether it is still there, while something is under way. */
export class Http2Pings {
  readonly #limits: PingLimits;
  readonly #next: Deadline;
  readonly #answer: Deadline;
  readonly #ask: (answered: () => void) => void;
  #waits = false;
  #busy = false;

  /** @param lost no answer has come */
  constructor(deadlines: Deadlines, limits: PingLimits, ask: (answered: () => void) => void, lost: () => void) {
    this.#limits = limits;
    this.#ask = ask;
    this.#next = deadlines.create(() => this.#ping());
    this.#answer = deadlines.create(lost);
  }

  /** Whether something is under way. */
  busy(busy: boolean): void {
    this.#busy = busy;
    if (busy && !this.#waits && !this.#next.armed) this.#next.arm(this.#limits.pingInterval);
  }

  stop(): void {
    this.#next.disarm();
    this.#answer.disarm();
  }

  #ping(): void {
    if (!this.#busy) return;
    this.#waits = true;
    this.#answer.arm(this.#limits.pingTimeout);
    this.#ask(() => {
      this.#waits = false;
      this.#answer.disarm();
      this.busy(this.#busy);
    });
  }
}
