/**
 * Writes whole header blocks (RFC 7541 §6).
 *
 * A pair that is in a table goes as its index, other fields as literals, their names by index where one is known. What is
 * worth it enters the dynamic table (see `indexing.ts`). Strings are Huffman-coded when that is shorter.
 */
import { UsageError } from '../core/protocol-error.js';
import { Fields, SENSITIVE_FIELDS } from '../http/fields.js';
import { DEFAULT_TABLE_SIZE, wholeNumber } from './decoder-config.js';
import { ENTRY_OVERHEAD } from './dynamic-table.js';
import { huffmanLength } from './huffman.js';
import { IndexedTable } from './indexed-table.js';
import { isWorthIndexing } from './indexing.js';
import { writeInteger } from './integer.js';
import { staticName, staticPair } from './static-table.js';
import { writeString } from './string-literal.js';

const INDEXED = 0x80;
const INDEXED_MASK = 0x7f;
const INDEXING = 0x40;
const INDEXING_MASK = 0x3f;
const SIZE_UPDATE = 0x20;
const SIZE_UPDATE_MASK = 0x1f;
const NEVER_INDEXED = 0x10;
const LITERAL_MASK = 0x0f;

/** Settings are numbers of 32 bits. */
const LARGEST_SETTING = 2 ** 32 - 1;
/** Bytes of the longest instruction besides its strings: three integers. */
const INTEGERS = 18;
/** Blocks are put together here; a larger place is given back after its block. Bytes. */
const SCRATCH_SIZE = 16_384;
// One for the process: a block is begun and finished within one call.
const scratch = new Uint8Array(SCRATCH_SIZE);
const NO_FIELDS: readonly string[] = [];

export interface HpackEncoderConfig {
  /** Bytes the dynamic table may have, whatever the peer offers. 4096 by default. */
  readonly maxTableSize?: number;
}

/**
 * An encoder of header blocks, one for each connection. Every block it makes has to be sent, in that order.
 *
 * @example
 * ```ts
 * import { Fields, HpackEncoder } from 'rxweir/operators';
 * const encoder = new HpackEncoder();
 * encoder.encode(new Fields({ ':status': '200', server: 'rxweir' })); // bytes, about 14
 * encoder.encode(new Fields({ ':status': '200', server: 'rxweir' })); // 2
 * ```
 * @see HpackDecoder
 */
export class HpackEncoder {
  readonly #most: number;
  readonly #table: IndexedTable;
  /** Capacity that the peer's decoder knows of. */
  #told = DEFAULT_TABLE_SIZE;
  /** Least capacity since the last block. */
  #least: number;
  #bytes = scratch;
  #at = 0;
  readonly #visit = (name: string, value: string, neverIndex: boolean): void => this.#field(name, value, neverIndex);

  /** @throws UsageError `INVALID_LIMIT` */
  constructor(config: HpackEncoderConfig = {}) {
    this.#most = wholeNumber('maxTableSize', config.maxTableSize ?? DEFAULT_TABLE_SIZE);
    this.#least = Math.min(this.#most, DEFAULT_TABLE_SIZE);
    this.#table = new IndexedTable(this.#least);
  }

  /** Bytes the dynamic table may have now. */
  get tableCapacity(): number {
    return this.#table.capacity;
  }

  /** Bytes in the dynamic table, 32 counted for each entry. */
  get tableSize(): number {
    return this.#table.size;
  }

  /**
   * Goes up whenever the dynamic table may have changed: while it stands, a block made before may be sent once more,
   * provided that making it left it as it was.
   */
  get tableChanges(): number {
    return this.#table.changes;
  }

  /**
   * The peer's SETTINGS_HEADER_TABLE_SIZE. The table gets that size, or our own maximum if it is less; the next block tells.
   *
   * @throws UsageError `INVALID_LIMIT`
   */
  setMaxTableSize(size: number): void {
    const capacity = Math.min(wholeNumber('maxTableSize', size, LARGEST_SETTING), this.#most);
    this.#table.resize(capacity);
    this.#least = Math.min(this.#least, capacity);
  }

  /**
   * The block of these fields, behind `first` if there are such. A flat list is name, value, name, value, …, names in lower
   * case; of it, the fields that `Fields` takes for sensitive are never indexed.
   *
   * @throws UsageError `INVALID_FIELD_VALUE` for a code unit above 255 in a flat list. The encoder goes on: its next block
   *   begins with an empty table.
   */
  encode(fields: Fields | readonly string[], first: readonly string[] = NO_FIELDS): Uint8Array {
    this.#bytes = scratch;
    this.#at = 0;
    let done = false;
    try {
      this.#sizeUpdates();
      this.#list(first);
      if (fields instanceof Fields) fields.forEach(this.#visit);
      else this.#list(fields);
      done = true;
      this.#least = this.#told = this.#table.capacity;
      return this.#bytes.slice(0, this.#at);
    } finally {
      this.#bytes = scratch;
      if (!done) this.#forget();
    }
  }

  #sizeUpdates(): void {
    const { capacity } = this.#table;
    let told = this.#told;
    if (this.#least < Math.min(told, capacity)) this.#sizeUpdate((told = this.#least));
    if (capacity !== told) this.#sizeUpdate(capacity);
  }

  #sizeUpdate(size: number): void {
    this.#at = writeInteger(this.#bytes, this.#at, SIZE_UPDATE, SIZE_UPDATE_MASK, size);
  }

  #list(list: readonly string[]): void {
    for (let i = 0; i + 1 < list.length; i += 2) {
      const name = list[i] as string;
      this.#field(name, list[i + 1] as string, SENSITIVE_FIELDS.has(name));
    }
  }

  #field(name: string, value: string, neverIndex: boolean): void {
    const table = this.#table;
    const fixed = staticName(name);
    let index = fixed === undefined || neverIndex ? 0 : staticPair(fixed, value);
    if (index > 0) return this.#indexed(index);
    const moving = table.find(name);
    const entry = neverIndex ? undefined : moving?.values.get(value);
    if (entry !== undefined) return this.#indexed(table.indexOf(entry));
    if (fixed !== undefined) index = fixed.index;
    else if (moving !== undefined) index = table.indexOf(moving.newest);
    this.#reserve(name.length + value.length + INTEGERS);
    const size = name.length + value.length + ENTRY_OVERHEAD;
    const indexing = !neverIndex && isWorthIndexing(name, value, size, table.capacity);
    this.#at = indexing
      ? writeInteger(this.#bytes, this.#at, INDEXING, INDEXING_MASK, index)
      : writeInteger(this.#bytes, this.#at, neverIndex ? NEVER_INDEXED : 0, LITERAL_MASK, index);
    if (index === 0) this.#string(name, name);
    this.#string(value, name);
    if (indexing) table.insert(name, value, size);
  }

  #indexed(index: number): void {
    this.#reserve(INTEGERS);
    this.#at = writeInteger(this.#bytes, this.#at, INDEXED, INDEXED_MASK, index);
  }

  #string(text: string, name: string): void {
    const coded = huffmanLength(text);
    if (coded < 0) throw new UsageError('INVALID_FIELD_VALUE', `not one byte a character, for ${name}`);
    this.#at = writeString(this.#bytes, this.#at, text, coded);
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }

  /** A block was begun and will not be sent: the peer knows nothing of what it put into the table. */
  #forget(): void {
    const { capacity } = this.#table;
    this.#table.resize(0);
    this.#table.resize(capacity);
    this.#least = 0;
  }
}
