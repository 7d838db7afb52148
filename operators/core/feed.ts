import { type Observer, Subscriber, type TeardownLogic } from 'rxjs';

/**
 * Reads one source for an observer, which may be exchanged for another: what comes from then on is the other's. It costs
 * one object: a subscription of closures, and the array RxJS keeps of its teardowns, would weigh on every idle connection.
 * What the observer throws is thrown at the source.
 */
export class Feed<T> extends Subscriber<T> {
  /** The one teardown there is, as a rule. */
  #teardown: TeardownLogic = undefined;

  constructor(to: Observer<T>) {
    super();
    this.destination = to;
  }

  /** What comes from now on goes there; nothing does once it is closed. */
  redirect(to: Observer<T>): void {
    if (!this.closed) this.destination = to;
  }

  override add(teardown: TeardownLogic): void {
    if (this.closed || this.#teardown || !teardown || teardown === this) super.add(teardown);
    else this.#teardown = teardown;
  }

  override remove(teardown: Exclude<TeardownLogic, void>): void {
    if (this.#teardown === teardown) this.#teardown = undefined;
    else super.remove(teardown);
  }

  override unsubscribe(): void {
    const teardown = this.#teardown;
    this.#teardown = undefined;
    super.unsubscribe();
    if (typeof teardown === 'function') teardown();
    else if (teardown) teardown.unsubscribe();
  }
}
