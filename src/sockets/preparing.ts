import { asyncScheduler, type Observable, type SchedulerLike, type Subscription } from 'rxjs';
import { TimeoutError } from '../../operators/core/protocol-error.js';
import type { ByteDuplex } from './byte-duplex.js';

export interface PreparingHooks {
  ready(connection: ByteDuplex): void;
  failed(error: unknown): void;
  /** There is room again. */
  room(): void;
}

interface Entry {
  readonly due: number;
  work: Subscription | undefined;
}

/**
 * Connections that are not ready yet: they have a handshake to make, or something to show first. Bounded in number and
 * time. All have the same time, so the first is always the next to expire: one timer does for all.
 */
export class Preparing {
  readonly #hooks: PreparingHooks;
  readonly #time: number;
  readonly #most: number;
  readonly #scheduler: SchedulerLike;
  readonly #entries = new Set<Entry>();
  #timer: Subscription | undefined;

  /** @param time milliseconds for each */
  constructor(hooks: PreparingHooks, time: number, most: number, scheduler: SchedulerLike = asyncScheduler) {
    this.#hooks = hooks;
    this.#time = time;
    this.#most = most;
    this.#scheduler = scheduler;
  }

  get full(): boolean {
    return this.#entries.size >= this.#most;
  }

  /** @param work emits the connection when it is ready, and ends it when unsubscribed before that */
  start(work: Observable<ByteDuplex>): void {
    const entry: Entry = { due: this.#scheduler.now() + this.#time, work: undefined };
    this.#entries.add(entry);
    entry.work = work.subscribe({
      next: (connection) => {
        this.#remove(entry);
        this.#hooks.ready(connection);
      },
      error: (error: unknown) => {
        this.#remove(entry);
        this.#hooks.failed(error);
      },
      complete: () => this.#remove(entry),
    });
    if (this.#timer === undefined && this.#entries.size > 0) this.#schedule(this.#time);
  }

  close(): void {
    this.#timer?.unsubscribe();
    for (const { work } of this.#entries) work?.unsubscribe();
    this.#entries.clear();
  }

  #remove(entry: Entry): void {
    const { full } = this;
    if (this.#entries.delete(entry) && full) this.#hooks.room();
  }

  #schedule(delay: number): void {
    if (delay === Infinity) return;
    this.#timer = this.#scheduler.schedule(() => this.#expire(), delay);
    // RxJS's own action keeps its Node timer here: the sockets keep the process, not the wait.
    (this.#timer as { id?: { unref?: () => void } }).id?.unref?.();
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.#scheduler.now();
    for (const entry of this.#entries) {
      if (entry.due > now) return this.#schedule(entry.due - now);
      entry.work?.unsubscribe();
      this.#remove(entry);
      this.#hooks.failed(new TimeoutError('setup', this.#time));
    }
  }
}
