import type { DuplexDestination } from '../../operators/core/duplex-subject.js';

/** The way out of a connection whose bytes somebody else carries: all that is said goes on to them. */
export class OutboundPort implements DuplexDestination<Uint8Array> {
  readonly #to: DuplexDestination<Uint8Array>;

  constructor(to: DuplexDestination<Uint8Array>) {
    this.#to = to;
  }

  next(chunk: Uint8Array): void {
    this.#to.next(chunk);
  }

  complete(): void {
    this.#to.complete();
  }

  error(error: unknown): void {
    this.#to.error(error);
  }

  cork(): void {
    this.#to.cork?.();
  }

  uncork(): void {
    this.#to.uncork?.();
  }

  flush(): void {
    this.#to.flush?.();
  }
}
