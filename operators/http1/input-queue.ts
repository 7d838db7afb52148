/** Bytes waiting for a reader: the chunk being read, the ones after it, and a carry for what must lie in one piece. */

const EMPTY = new Uint8Array(0);
/** A section that runs over a chunk border takes the next chunk in steps of this, not to copy the body behind it. */
const CARRY_STEP = 1024;
const LEAST_CARRY = 256;

/** Something that reads a section resumably: offsets count from `base`, `at` is the next one. */
export interface SectionReader {
  readonly at: number;
  read(bytes: Uint8Array, base: number, end: number): boolean;
}

export class InputQueue {
  /** The chunk being read: its unread bytes are from `at` to its end. */
  chunk: Uint8Array = EMPTY;
  at = 0;
  #waiting: Uint8Array[] = [];
  #next = 0;
  #waitingBytes = 0;
  #carry: Uint8Array | undefined;
  #carried = 0;
  /** Where the last section that was read lies: bytes from `sectionBase` of `section`. */
  section: Uint8Array = EMPTY;
  sectionBase = 0;
  ended = false;

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.at === this.chunk.length && this.#waiting.length === 0) {
      this.chunk = chunk;
      this.at = 0;
    } else {
      this.#waiting.push(chunk);
      this.#waitingBytes += chunk.length;
    }
  }

  /** Unread bytes, those of a section that is not all there included. */
  get length(): number {
    return this.#carried + this.chunk.length - this.at + this.#waitingBytes;
  }

  /** Whether `chunk` has an unread byte, after moving on to the next one if need be. */
  load(): boolean {
    if (this.at < this.chunk.length) return true;
    this.at = 0;
    const next = this.#waiting[this.#next];
    if (next === undefined) {
      this.chunk = EMPTY;
      return false;
    }
    this.chunk = next;
    this.#waitingBytes -= next.length;
    if (++this.#next === this.#waiting.length) {
      this.#waiting = [];
      this.#next = 0;
    }
    return true;
  }

  /** Runs a section through `reader`; when it is all there, `section` and `sectionBase` say where. */
  readSection(reader: SectionReader): boolean {
    while (this.load()) {
      const { chunk, at } = this;
      if (this.#carry === undefined) {
        if (reader.read(chunk, at, chunk.length)) {
          this.section = chunk;
          this.sectionBase = at;
          this.at = at + reader.at;
          return true;
        }
        this.#append(chunk, at, chunk.length);
        this.at = chunk.length;
      } else {
        const before = this.#carried;
        const end = Math.min(chunk.length, at + CARRY_STEP);
        this.#append(chunk, at, end);
        if (reader.read(this.#carry, 0, this.#carried)) {
          this.section = this.#carry;
          this.sectionBase = 0;
          this.at = at + reader.at - before;
          this.#carry = undefined;
          this.#carried = 0;
          return true;
        }
        this.at = end;
      }
    }
    return false;
  }

  /** Lets go of the section, so that nothing of it is kept alive. */
  forgetSection(): void {
    this.section = EMPTY;
  }

  /** Up to `most` unread bytes of the chunk being read: a view, or the chunk itself. There must be one. */
  take(most: number): Uint8Array {
    const { chunk, at } = this;
    const available = chunk.length - at;
    if (most >= available) {
      this.at = chunk.length;
      return at === 0 ? chunk : chunk.subarray(at);
    }
    this.at = at + most;
    return chunk.subarray(at, at + most);
  }

  /** Everything unread, as one array; the queue is empty then. */
  takeAll(): Uint8Array {
    const length = this.length;
    if (length === 0) return EMPTY;
    const parts: Uint8Array[] = [];
    if (this.#carry !== undefined) parts.push(this.#carry.subarray(0, this.#carried));
    this.#carry = undefined;
    this.#carried = 0;
    while (this.load()) parts.push(this.take(length));
    if (parts.length === 1) return parts[0] as Uint8Array;
    const all = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    const needed = this.#carried + end - start;
    let carry = this.#carry;
    if (carry === undefined || carry.length < needed) {
      const grown = new Uint8Array(Math.max(LEAST_CARRY, needed, this.#carried * 2));
      if (carry !== undefined) grown.set(carry.subarray(0, this.#carried));
      this.#carry = carry = grown;
    }
    carry.set(bytes.subarray(start, end), this.#carried);
    this.#carried = needed;
  }
}
