import { DynamicTable } from './dynamic-table.js';
import { STATIC_LENGTH } from './static-table.js';

/** Where the entries of one name are, by number: an entry's number is how many came before it. */
interface EntriesOfName {
  newest: number;
  readonly values: Map<string, number>;
}

/** An encoder's dynamic table: finds a name, or a name with its value, without a search. */
export class IndexedTable extends DynamicTable {
  readonly #names = new Map<string, EntriesOfName>();

  /** The entries of that name, or undefined. */
  find(name: string): Readonly<EntriesOfName> | undefined {
    return this.#names.get(name);
  }

  /** The index of an entry on the wire, now. */
  indexOf(entry: number): number {
    return STATIC_LENGTH + this.inserted - entry;
  }

  /** Adds a pair that is not there yet; of two equal ones the older would be lost sight of. */
  override insert(name: string, value: string, size: number): void {
    const entry = this.inserted;
    super.insert(name, value, size);
    if (this.inserted === entry) return; // too large
    const known = this.#names.get(name);
    if (known === undefined) this.#names.set(name, { newest: entry, values: new Map([[value, entry]]) });
    else {
      known.newest = entry;
      known.values.set(value, entry);
    }
  }

  protected override evictOldest(): void {
    const slot = this.slotOf(this.length - 1);
    const name = this.names[slot] as string;
    const known = this.#names.get(name) as EntriesOfName;
    if (known.newest === this.inserted - this.length) this.#names.delete(name);
    else known.values.delete(this.values[slot] as string);
    super.evictOldest();
  }
}
