import { UsageError } from '../core/protocol-error.js';

/** How many control frames at once, and how many for good. */
export interface ControlFrameBudget {
  readonly burst: number;
  readonly perSecond: number;
}

const DEFAULT_BUDGET: ControlFrameBudget = Object.freeze({ burst: 1000, perSecond: 100 });

/** Counts control frames against time, which is passed in: milliseconds of any monotonic clock. */
export class ControlBudget {
  readonly #budget: ControlFrameBudget;
  readonly #now: () => number;
  #left: number;
  #last: number;

  /** @throws UsageError `INVALID_LIMIT` */
  constructor(now: () => number, budget: ControlFrameBudget = DEFAULT_BUDGET) {
    if (!(budget.burst >= 0 && budget.perSecond >= 0)) {
      throw new UsageError('INVALID_LIMIT', 'a budget is numbers from 0 up');
    }
    this.#budget = budget;
    this.#now = now;
    this.#left = budget.burst;
    this.#last = now();
  }

  /** One more came; whether it is within the budget. */
  take(): boolean {
    const now = this.#now();
    if (now > this.#last) {
      this.#left = Math.min(this.#budget.burst, this.#left + ((now - this.#last) * this.#budget.perSecond) / 1000);
      this.#last = now;
    }
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
