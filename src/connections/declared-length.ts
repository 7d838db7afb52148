import { UsageError } from '../../operators/core/protocol-error.js';

/** Holds the bytes of a body against what its head says. */
export class DeclaredLength {
  readonly #declared: number;
  #sent = 0;

  /** @param declared -1 if it says nothing */
  constructor(declared: number) {
    this.#declared = declared;
  }

  /** @throws `UsageError` `CONTENT_LENGTH_EXCEEDED` */
  add(bytes: number): void {
    this.#sent += bytes;
    if (this.#declared >= 0 && this.#sent > this.#declared) {
      throw new UsageError('CONTENT_LENGTH_EXCEEDED', `the body is longer than its ${this.#declared} bytes`);
    }
  }

  /** @throws `UsageError` `CONTENT_LENGTH_SHORT` */
  end(): void {
    if (this.#declared >= 0 && this.#sent < this.#declared) {
      throw new UsageError('CONTENT_LENGTH_SHORT', `${this.#sent} of ${this.#declared} bytes were written`);
    }
  }
}
