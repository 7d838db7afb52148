/** Queued chunks up to this size are joined, so that many tiny ones cost no more memory than their bytes. */
const SMALL = 256;
const BLOCK = 4096;
const EMPTY = new Uint8Array(0);

/**
 * A queue of bytes made of the chunks they came in. What is taken out is a view where it lies within one chunk; only
 * across borders is it copied.
 *
 * Chunks are kept, not copied, unless they are tiny: do not write to them afterwards.
 */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  /** Index of the first chunk that is left, and of its first byte that is left. */
  #head = 0;
  #offset = 0;
  #length = 0;
  /** The block tiny chunks are joined in: if there is one, the last chunk is its filled part. */
  #block: Uint8Array | undefined;
  #filled = 0;

  /** Bytes in the queue. */
  get length(): number {
    return this.#length;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#length += chunk.length;
    if (chunk.length > SMALL) {
      this.#block = undefined;
      this.#chunks.push(chunk);
    } else this.#join(chunk);
  }

  /** The byte `at` places from the front, or -1 if the queue is shorter. */
  peek(at = 0): number {
    if (at >= this.#length) return -1;
    let place = at + this.#offset;
    for (let i = this.#head; ; i++) {
      const chunk = this.#chunks[i] as Uint8Array;
      if (place < chunk.length) return chunk[place] as number;
      place -= chunk.length;
    }
  }

  /** Removes and returns the next `count` bytes, or fewer if there are no more. */
  take(count: number): Uint8Array {
    const wanted = Math.min(count, this.#length);
    if (wanted === 0) return EMPTY;
    const first = this.#chunks[this.#head] as Uint8Array;
    if (wanted <= first.length - this.#offset) {
      const view = first.subarray(this.#offset, this.#offset + wanted);
      this.skip(wanted);
      return view;
    }
    const joined = new Uint8Array(wanted);
    for (let filled = 0; filled < wanted;) {
      const chunk = this.#chunks[this.#head] as Uint8Array;
      const part = chunk.subarray(this.#offset, this.#offset + wanted - filled);
      joined.set(part, filled);
      filled += part.length;
      this.skip(part.length);
    }
    return joined;
  }

  /** Removes and returns all there is. */
  takeAll(): Uint8Array {
    return this.take(this.#length);
  }

  /** Removes the next `count` bytes, or all if there are fewer; how many those were. */
  skip(count: number): number {
    const skipped = Math.min(count, this.#length);
    this.#length -= skipped;
    this.#offset += skipped;
    for (
      let first = this.#chunks[this.#head];
      first && this.#offset >= first.length;
      first = this.#chunks[this.#head]
    ) {
      this.#offset -= first.length;
      this.#chunks[this.#head++] = EMPTY; // lets the chunk go
    }
    if (this.#head === this.#chunks.length) {
      this.#chunks.length = this.#head = 0;
      this.#block = undefined;
    } else if (this.#head > 64 && this.#head * 2 > this.#chunks.length) {
      this.#chunks.splice(0, this.#head);
      this.#head = 0;
    }
    return skipped;
  }

  /** Appends a tiny chunk: to the block, to a new one together with a tiny chunk before it, or as it is. */
  #join(chunk: Uint8Array): void {
    const at = this.#chunks.length - 1;
    const last = this.#chunks[at];
    if (this.#block === undefined || this.#filled + chunk.length > BLOCK) {
      this.#block = undefined;
      if (last === undefined || last.length > SMALL) {
        this.#chunks.push(chunk);
        return;
      }
      this.#block = new Uint8Array(BLOCK);
      this.#block.set(last);
      this.#filled = last.length;
    }
    this.#block.set(chunk, this.#filled);
    this.#filled += chunk.length;
    this.#chunks[at] = this.#block.subarray(0, this.#filled);
  }
}
