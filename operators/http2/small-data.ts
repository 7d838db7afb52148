/** DATA up to this size may be joined. Bytes. */
export const SMALL_DATA = 256;
/** A block begins and ends with this size: the first is what a piece of a body is charged at least. Bytes. */
const FIRST = 256;
const MOST = 4096;
const EMPTY = new Uint8Array(0);

/** Small DATA of one stream that came in a row, copied into one block: to hand out each would cost many times its bytes. */
export class SmallData {
  #block: Uint8Array = EMPTY;
  #filled = 0;
  /** How many it came in. */
  frames = 0;

  /** Whether there was room for it. */
  add(data: Uint8Array): boolean {
    const filled = this.#filled + data.length;
    if (filled > MOST) return false;
    if (filled > this.#block.length) {
      const block = new Uint8Array(Math.min(MOST, Math.max(FIRST, 2 * filled)));
      block.set(this.#block.subarray(0, this.#filled));
      this.#block = block;
    }
    if (data.length === 1) this.#block[this.#filled] = data[0] as number;
    else this.#block.set(data, this.#filled);
    this.#filled = filled;
    this.frames++;
    return true;
  }

  /** All of it, in memory of its own. */
  take(): Uint8Array {
    const all = this.#block.subarray(0, this.#filled);
    this.#block = EMPTY;
    this.#filled = 0;
    this.frames = 0;
    return all;
  }
}
