/**
 * The dynamic table (RFC 7541 §2.3.2, §4): a ring of entries, the newest first, bounded by the sum of their sizes.
 *
 * The ring starts small and doubles, so that an idle connection pays for what it used.
 */

/** What an entry costs besides its name and value. Bytes (RFC 7541 §4.1). */
export const ENTRY_OVERHEAD = 32;
const FIRST_SLOTS = 16;

export class DynamicTable {
  /** By slot; see {@link slotOf}. */
  names: string[] = emptySlots(FIRST_SLOTS);
  values: string[] = emptySlots(FIRST_SLOTS);
  /** Entries in it. */
  length = 0;
  /** Sum of the sizes of the entries: name, value and 32 each. */
  size = 0;
  /** What {@link size} may not pass. */
  capacity: number;
  /** Entries inserted since the beginning, the next slot to be written being this modulo their number. */
  inserted = 0;
  /** Goes up with every instruction that may change what an index stands for. */
  changes = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Where in {@link names} and {@link values} the entry is that has `newer` entries in front of it. */
  slotOf(newer: number): number {
    return (this.inserted - 1 - newer) & (this.names.length - 1);
  }

  /** Adds an entry of `size` bytes and evicts from the old end; one larger than the table only empties it (§4.4). */
  insert(name: string, value: string, size: number): void {
    this.changes++;
    this.evictTo(this.capacity - size);
    if (size > this.capacity) return;
    if (this.length === this.names.length) this.#grow();
    const slot = this.inserted & (this.names.length - 1);
    this.names[slot] = name;
    this.values[slot] = value;
    this.inserted++;
    this.length++;
    this.size += size;
  }

  resize(capacity: number): void {
    this.changes++;
    this.capacity = capacity;
    this.evictTo(capacity);
  }

  protected evictTo(size: number): void {
    while (this.length > 0 && this.size > size) this.evictOldest();
  }

  protected evictOldest(): void {
    const slot = this.slotOf(--this.length);
    this.size -= (this.names[slot] as string).length + (this.values[slot] as string).length + ENTRY_OVERHEAD;
    this.names[slot] = '';
    this.values[slot] = '';
  }

  #grow(): void {
    const { names, values, length } = this;
    const slots = names.length * 2;
    this.names = emptySlots(slots);
    this.values = emptySlots(slots);
    for (let i = this.inserted - length; i < this.inserted; i++) {
      this.names[i & (slots - 1)] = names[i & (slots / 2 - 1)] as string;
      this.values[i & (slots - 1)] = values[i & (slots / 2 - 1)] as string;
    }
  }
}

function emptySlots(count: number): string[] {
  return Array.from({ length: count }, () => '');
}
