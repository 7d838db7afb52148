/** What has a stream identifier. */
export interface Numbered {
  readonly id: number;
}

const FIRST_SLOTS = 16;
/** Beyond this, what has no slot of its own goes into a map. */
const MOST_SLOTS = 1024;

/**
 * Streams by identifier. Identifiers only go up, so those in use at one time mostly differ in their low bits: a slot for
 * each, without a hash and without anything allocated as streams come and go by the thousand.
 */
export class StreamTable<S extends Numbered> {
  size = 0;
  #slots: (S | undefined)[] = emptySlots(FIRST_SLOTS);
  #mask = FIRST_SLOTS - 1;
  #overflow: Map<number, S> | undefined = undefined;

  get(id: number): S | undefined {
    const stream = this.#slots[(id >>> 1) & this.#mask];
    return stream !== undefined && stream.id === id ? stream : this.#overflow?.get(id);
  }

  /** The identifier must be new. */
  add(stream: S): void {
    this.size++;
    while (!this.#place(stream)) {
      if (this.#slots.length === MOST_SLOTS) {
        (this.#overflow ??= new Map<number, S>()).set(stream.id, stream);
        return;
      }
      this.#grow();
    }
  }

  delete(stream: S): void {
    const slot = (stream.id >>> 1) & this.#mask;
    if (this.#slots[slot] === stream) this.#slots[slot] = undefined;
    else if (this.#overflow?.delete(stream.id) !== true) return;
    this.size--;
  }

  /** All of them now, the order being nobody's business. */
  all(): S[] {
    const found: S[] = [];
    if (this.size === 0) return found;
    for (const stream of this.#slots) if (stream !== undefined) found.push(stream);
    if (this.#overflow) found.push(...this.#overflow.values());
    return found;
  }

  #place(stream: S): boolean {
    const slot = (stream.id >>> 1) & this.#mask;
    if (this.#slots[slot] !== undefined) return false;
    this.#slots[slot] = stream;
    return true;
  }

  /** Streams that had slots of their own have them in a larger table too. */
  #grow(): void {
    const before = this.#slots;
    this.#slots = emptySlots(before.length * 2);
    this.#mask = this.#slots.length - 1;
    for (const stream of before) if (stream !== undefined) this.#place(stream);
  }
}

function emptySlots<S>(count: number): (S | undefined)[] {
  return Array.from<S | undefined>({ length: count }).fill(undefined);
}
