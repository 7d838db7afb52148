import { deliver, hold, type Release } from '../core/deliver.js';

/** Values that have to wait their turn, each with a hold on the delivery it came in: whoever sends them waits too. */
export class HeldQueue<T> {
  #values: T[] = [];
  #releases: Release[] = [];

  get empty(): boolean {
    return this.#values.length === 0;
  }

  push(value: T): void {
    this.#values.push(value);
    this.#releases.push(hold());
  }

  /** Passes all on, in order, also what is pushed meanwhile; the queue counts as empty only after the last. */
  drain(next: (value: T) => void): void {
    for (let i = 0; i < this.#values.length; i++) {
      deliver({ next }, this.#values[i] as T, this.#releases[i] as Release);
    }
    this.#values = [];
    this.#releases = [];
  }

  /** Drops all and gives its credit back. */
  clear(): void {
    const releases = this.#releases;
    this.#values = [];
    this.#releases = [];
    for (const release of releases) release();
  }
}
