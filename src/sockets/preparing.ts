import { asyncScheduler, Subscriber, type Observable, type SchedulerLike, type Subscription } from 'rxjs';
import { TimeoutError } from '../../operators/core/protocol-error.js';
import { ByteDuplex } from './byte-duplex.js';

export const DEFAULT_HANDSHAKE_TIMEOUT = 10_000;
/** Idle clients of a port that waits for a first byte are among them. */
export const DEFAULT_MAX_HANDSHAKES = 4096;

export interface PreparingHooks {
  ready(connection: ByteDuplex): void;
  failed(error: unknown): void;
  /** There is room again. */
  room(): void;
  /** It is closed, and none is left. */
  over(): void;
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
  #closing = false;
  #lastWord: Subscription | undefined;

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
  start(connection: ByteDuplex, work: Observable<ByteDuplex>): void {
    const entry = new Entry(this, connection, this.#scheduler.now() + this.#time);
    this.#entries.add(entry);
    work.subscribe(entry);
    if (this.#timer === undefined && this.#entries.size > 0) this.#schedule(this.#time);
  }

  /**
   * Ends those from which nothing has come, at once or so many milliseconds from now; what has begun by then goes on. Without
   * `lastWord` all end now.
   */
  close(lastWord?: number): void {
    this.#closing = true;
    this.#lastWord?.unsubscribe();
    if (lastWord === undefined) this.#end(() => true);
    else if (lastWord < Infinity) this.#lastWord = this.#unheld(() => this.#end(saysNothing), lastWord);
    this.#checkOver();
  }

  #end(which: (entry: Entry) => boolean): void {
    for (const entry of this.#entries) {
      if (!which(entry)) continue;
      entry.unsubscribe();
      this.#entries.delete(entry);
    }
    this.#checkOver();
  }

  #checkOver(): void {
    if (!this.#closing || this.#entries.size > 0) return;
    this.#closing = false;
    this.#timer?.unsubscribe();
    this.#lastWord?.unsubscribe();
    this.#hooks.over();
  }

  ready(entry: Entry, connection: ByteDuplex): void {
    this.#remove(entry);
    this.#hooks.ready(connection);
    this.#checkOver();
  }

  failed(entry: Entry, error: unknown): void {
    this.#remove(entry);
    this.#hooks.failed(error);
    this.#checkOver();
  }

  left(entry: Entry): void {
    this.#remove(entry);
    this.#checkOver();
  }

  #remove(entry: Entry): void {
    const { full } = this;
    if (this.#entries.delete(entry) && full) this.#hooks.room();
  }

  #schedule(delay: number): void {
    if (delay !== Infinity) this.#timer = this.#unheld(() => this.#expire(), delay);
  }

  /** The sockets keep the process, not the wait. */
  #unheld(work: () => void, delay: number): Subscription {
    const timer = this.#scheduler.schedule(work, delay);
    (timer as { id?: { unref?: () => void } }).id?.unref?.(); // RxJS's own action keeps its Node timer here
    return timer;
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.#scheduler.now();
    for (const entry of this.#entries) {
      if (entry.due > now) return this.#schedule(entry.due - now);
      entry.unsubscribe();
      this.#remove(entry);
      this.#hooks.failed(new TimeoutError('setup', this.#time));
    }
    this.#checkOver();
  }
}

function saysNothing({ connection }: Entry): boolean {
  return !ByteDuplex.portOf(connection).begun;
}

/** One of them, in one object. */
class Entry extends Subscriber<ByteDuplex> {
  readonly #of: Preparing;
  readonly connection: ByteDuplex;
  readonly due: number;

  constructor(of: Preparing, connection: ByteDuplex, due: number) {
    super();
    this.#of = of;
    this.connection = connection;
    this.due = due;
  }

  override next(connection: ByteDuplex): void {
    if (!this.closed) this.#of.ready(this, connection);
  }

  override error(error: unknown): void {
    if (this.closed) return;
    this.unsubscribe();
    this.#of.failed(this, error);
  }

  override complete(): void {
    if (this.closed) return;
    this.unsubscribe();
    this.#of.left(this);
  }
}
