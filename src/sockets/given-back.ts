import type { Subscriber } from 'rxjs';
import { deliver, hold, type Release } from '../../operators/core/deliver.js';

/** What the reader of a connection gives back while it is being delivered, with its credit, for the reader after it. */
export class GivenBack {
  readonly bytes: Uint8Array;
  readonly #credit: Release = hold();

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  deliver(subscriber: Subscriber<Uint8Array>): void {
    deliver(subscriber, this.bytes, this.#credit);
  }
}
