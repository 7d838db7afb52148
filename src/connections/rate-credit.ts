/** How much time bytes moved earlier are worth, at most: what a kernel buffers comes in bursts. Milliseconds. */
const MOST_CREDIT = 300_000;

/**
 * A minimum rate as a credit of time: it runs down as time passes, and each byte that moves adds its worth. Whoever keeps
 * the rate on average never runs out.
 */
export class RateCredit {
  /** Milliseconds left when last looked at. */
  left: number;
  readonly #millisecondsPerByte: number;
  #bytes: number;
  #at: number;

  /** @param grace the credit to begin with. @param bytes moved, and @param at passed, so far. */
  constructor(bytesPerSecond: number, grace: number, bytes: number, at: number) {
    this.#millisecondsPerByte = 1000 / bytesPerSecond;
    this.left = grace;
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Whether there is any left, with this many bytes moved and milliseconds passed in all. */
  check(bytes: number, at: number): boolean {
    const gained = (bytes - this.#bytes) * this.#millisecondsPerByte;
    this.left = Math.min(this.left + gained, MOST_CREDIT) - (at - this.#at);
    this.#bytes = bytes;
    this.#at = at;
    return this.left > 0;
  }
}
