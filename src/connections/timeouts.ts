import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import { type Linked, LinkedList } from './linked-list.js';

/** What a timer of Node can wait: beyond it, it does not wait at all. Milliseconds. */
export const LONGEST_WAIT = 2 ** 31 - 1;

/**
 * One clock that can be wound again and again without cost: `arm` sets it, `disarm` stops it, and `expired` is called when
 * it runs out. Made by {@link Deadlines}.
 */
export interface Deadline {
  /** Starts, or starts anew, with this many milliseconds to go; `undefined`, 0 and Infinity disarm. */
  arm(milliseconds: number | undefined): void;
  disarm(): void;
  readonly armed: boolean;
}

/** What a {@link Deadlines} winds: an object of its owner's that carries the links, so that a clock costs no other. */
export interface DeadlineEntry extends Linked<DeadlineEntry> {
  /** When it expires. The list's. */
  at: number;
  /** Where it is, while it is wound. The list's. */
  list: DurationList | undefined;
  expired(): void;
}

/** @internal Entries of one duration: added at the end, so the first is always the next to expire. */
export class DurationList extends LinkedList<DeadlineEntry> {
  action: Subscription | undefined = undefined;

  constructor(readonly milliseconds: number) {
    super();
  }
}

/**
 * The timers of many connections on one scheduler: a list for each duration, with one scheduled action at its first
 * expiry. Winding a clock is a list operation; requests that are answered in time cost the scheduler nothing.
 *
 * The underlying timers never keep the process alive: what is being waited for has a socket that does.
 */
export class Deadlines {
  readonly scheduler: SchedulerLike;
  readonly #lists = new Map<number, DurationList>();

  constructor(scheduler: SchedulerLike = asyncScheduler) {
    this.scheduler = scheduler;
  }

  now(): number {
    return this.scheduler.now();
  }

  create(expired: () => void): Deadline {
    return new OwnDeadline(this, expired);
  }

  /** Winds an entry: it expires in so many milliseconds. `undefined`, 0 and Infinity stop it. */
  arm(entry: DeadlineEntry, milliseconds: number | undefined): void {
    if (milliseconds === undefined || milliseconds <= 0 || milliseconds === Infinity) {
      this.disarm(entry);
      return;
    }
    let list = this.#lists.get(milliseconds);
    if (list === undefined) {
      list = new DurationList(milliseconds);
      this.#lists.set(milliseconds, list);
    }
    entry.list?.delete(entry);
    entry.at = this.scheduler.now() + milliseconds;
    entry.list = list;
    list.add(entry);
    if (list.action === undefined) this.#schedule(list, milliseconds);
  }

  disarm(entry: DeadlineEntry): void {
    entry.list?.delete(entry);
    entry.list = undefined;
  }

  #schedule(list: DurationList, delay: number): void {
    const action = this.scheduler.schedule(() => this.#expire(list), Math.min(delay, LONGEST_WAIT));
    list.action = action;
    // RxJS's own action keeps its Node timer here; under virtual time there is none.
    (action as { id?: { unref?: () => void } }).id?.unref?.();
  }

  #expire(list: DurationList): void {
    list.action = undefined;
    const now = this.scheduler.now();
    for (let entry = list.first; entry !== undefined && entry.at <= now; entry = list.first) {
      list.delete(entry);
      entry.list = undefined;
      entry.expired();
    }
    if (list.first !== undefined && list.action === undefined) this.#schedule(list, Math.max(1, list.first.at - now));
    else if (list.first === undefined && list.action === undefined) this.#lists.delete(list.milliseconds);
  }
}

class OwnDeadline implements Deadline, DeadlineEntry {
  at = 0;
  list: DurationList | undefined = undefined;
  previousLink: DeadlineEntry | undefined = undefined;
  nextLink: DeadlineEntry | undefined = undefined;
  readonly #owner: Deadlines;

  constructor(
    owner: Deadlines,
    readonly expired: () => void,
  ) {
    this.#owner = owner;
  }

  get armed(): boolean {
    return this.list !== undefined;
  }

  arm(milliseconds: number | undefined): void {
    this.#owner.arm(this, milliseconds);
  }

  disarm(): void {
    this.#owner.disarm(this);
  }
}
