import type { Deadline, DeadlineEntry, Deadlines, DurationList } from '../connections/timeouts.js';
import type { ResolvedTimeouts } from './timeouts.js';

/** The clocks of which at most one runs at a time: each is about who is being waited for now. */
export type WaitPhase = 'queue' | 'continue' | 'head' | 'idle' | 'unclaimed';

/** Whose time it is. */
export interface ClockOwner {
  expired(phase: WaitPhase | 'body' | 'total'): void;
}

/** The time limits of one exchange. It is itself the entry of the clock that always runs: a request allocates no other. */
export class ExchangeClock implements DeadlineEntry {
  at = 0;
  list: DurationList | undefined = undefined;
  previousLink: DeadlineEntry | undefined = undefined;
  nextLink: DeadlineEntry | undefined = undefined;
  phase: WaitPhase = 'queue';
  readonly limits: ResolvedTimeouts;
  /** When the time in all is up, on the scheduler's clock, or Infinity. */
  readonly totalUntil: number;
  readonly #deadlines: Deadlines;
  readonly #owner: ClockOwner;
  #total: Deadline | undefined = undefined;
  #body: Deadline | undefined = undefined;
  #bodyLeft = 0;
  #bodyFrom = 0;

  /** @param totalUntil where the time in all began to run before */
  constructor(deadlines: Deadlines, limits: ResolvedTimeouts, owner: ClockOwner, totalUntil?: number) {
    this.#deadlines = deadlines;
    this.limits = limits;
    this.#owner = owner;
    if (limits.total > 0) {
      this.totalUntil = totalUntil ?? deadlines.now() + limits.total;
      this.#total = deadlines.create(() => owner.expired('total'));
      this.#total.arm(totalUntil === undefined ? limits.total : Math.max(1, totalUntil - deadlines.now()));
    } else this.totalUntil = Infinity;
  }

  /** When the present wait began, on the scheduler's clock; now, where its limit is off. */
  get since(): number {
    return this.list === undefined ? this.#deadlines.now() : this.at - this.list.milliseconds;
  }

  wait(phase: WaitPhase): void {
    this.phase = phase;
    this.#deadlines.arm(this, this.limits[phase]);
  }

  stopWaiting(): void {
    this.#deadlines.disarm(this);
  }

  expired(): void {
    this.#owner.expired(this.phase);
  }

  startBody(): void {
    if (this.limits.body === 0) return;
    this.#bodyLeft = this.limits.body;
    this.#body = this.#deadlines.create(() => this.#owner.expired('body'));
    this.resumeBody();
  }

  /** The consumer holds: its time is not the peer's. */
  pauseBody(): void {
    if (!this.#body?.armed) return;
    this.#bodyLeft -= this.#deadlines.now() - this.#bodyFrom;
    this.#body.disarm();
  }

  resumeBody(): void {
    if (this.#body === undefined || this.#body.armed) return;
    this.#bodyFrom = this.#deadlines.now();
    this.#body.arm(Math.max(1, this.#bodyLeft));
  }

  stop(): void {
    this.#deadlines.disarm(this);
    this.#total?.disarm();
    this.#body?.disarm();
  }
}
