/**
 * Reads whole header blocks (RFC 7541 §3.2, §6).
 *
 * The fields go into one flat list of names and values; entries of the tables are strings made before. When a block passes
 * a limit, nothing more of it becomes a string or goes into the list, but it is read to its end and the dynamic table
 * follows every instruction: the next block decodes as the peer meant it.
 */
import { isProtocolError, ProtocolError } from '../core/protocol-error.js';
import { Fields } from '../http/fields.js';
import { blockCursor, releaseBlock } from './block-cursor.js';
import { compressionError } from './compression-error.js';
import { resolveDecoderConfig, wholeNumber, type HpackDecoderConfig } from './decoder-config.js';
import { DynamicTable, ENTRY_OVERHEAD } from './dynamic-table.js';
import { readInteger } from './integer.js';
import { refusal } from './refusal.js';
import { STATIC_LENGTH, STATIC_NAMES, STATIC_VALUES } from './static-table.js';
import { readString } from './string-literal.js';

/** First bits of an instruction, and the mask of the integer behind them. */
const INDEXED = 0x80;
const INDEXED_MASK = 0x7f;
const INDEXING = 0x40;
const INDEXING_MASK = 0x3f;
const SIZE_UPDATE = 0x20;
const SIZE_UPDATE_MASK = 0x1f;
const NEVER_INDEXED = 0x10;
const LITERAL_MASK = 0x0f;

/** The smallest size and the final one (RFC 7541 §4.2). */
const MOST_UPDATES = 2;
/** RFC 9113 §7. */
const WIRE_PROTOCOL_ERROR = 0x1;
const WIRE_ENHANCE_YOUR_CALM = 0xb;

/**
 * A decoder of header blocks, one for each connection.
 *
 * @example
 * ```ts
 * import { HpackDecoder } from 'rxweir/operators';
 * const decoder = new HpackDecoder({ maxFields: 64 });
 * decoder.decode(Uint8Array.of(0x82, 0x84)).get(':method'); // GET
 * ```
 * @see HpackEncoder
 */
export class HpackDecoder {
  readonly #table: DynamicTable;
  readonly #maxFieldBytes: number;
  readonly #maxFields: number;
  /** What we let the peer's encoder use. */
  #maxTableSize: number;
  /** The size to which the next block has to come down first, after ours was lowered below the one in use; else -1. */
  #owedUpdate = -1;
  readonly #cursor = blockCursor();
  #list: string[] = [];
  #neverIndexed: number[] | undefined;
  /** Bytes that the fields of this block may still take; -1 when they are not kept any more. */
  #room = 0;
  #refusal: ProtocolError | undefined;
  /** Why the connection ended. */
  #failure: ProtocolError | undefined;

  constructor(config: HpackDecoderConfig = {}) {
    const { maxTableSize, maxFieldBytes, maxFields } = resolveDecoderConfig(config);
    this.#maxTableSize = maxTableSize;
    this.#maxFieldBytes = maxFieldBytes;
    this.#maxFields = maxFields;
    this.#table = new DynamicTable(maxTableSize);
  }

  /** Bytes in the dynamic table, 32 counted for each entry. */
  get tableSize(): number {
    return this.#table.size;
  }

  /**
   * Goes up whenever the dynamic table may have changed: while it stands, equal blocks decode to equal lists, provided that
   * decoding the first one left it as it was.
   */
  get tableChanges(): number {
    return this.#table.changes;
  }

  /** Pairs of the list decoded last that came as never-indexed literals, if any; by number from 0. */
  get neverIndexed(): readonly number[] | undefined {
    return this.#neverIndexed;
  }

  /**
   * Our SETTINGS_HEADER_TABLE_SIZE was acknowledged. If that lowers the table below its size in use, the next block has to
   * begin with an update to it or less (RFC 7541 §4.2).
   *
   * @throws UsageError `INVALID_LIMIT`
   */
  setMaxTableSize(size: number): void {
    this.#maxTableSize = wholeNumber('maxTableSize', size);
    if (size >= this.#table.capacity) return;
    this.#owedUpdate = size;
    this.#table.resize(size);
  }

  /**
   * The fields of a whole block. Their bytes are not checked any further: that is for those who know what they are of.
   *
   * @throws ProtocolError of scope `stream`, after which the decoder goes on: `FIELD_LIMIT` (a server answers 431),
   *   `PROTOCOL_ERROR` for a field without a name. Of scope `connection`, which every later call then throws again:
   *   `COMPRESSION_ERROR`, and `FIELD_LIMIT` for a block that is itself more than twice `maxFieldBytes`.
   */
  decode(block: Uint8Array): Fields {
    const list = this.decodeList(block);
    return Fields.fromParsed(list, this.#neverIndexed);
  }

  /** As {@link decode}, as name, value, name, value, … with {@link neverIndexed} beside it. The list is yours. */
  decodeList(block: Uint8Array): string[] {
    if (this.#failure !== undefined) throw this.#failure;
    this.#list = [];
    this.#neverIndexed = undefined;
    this.#room = this.#maxFieldBytes;
    this.#refusal = undefined;
    try {
      this.#read(block);
    } catch (error) {
      if (isProtocolError(error)) this.#failure = error;
      throw error;
    } finally {
      releaseBlock(this.#cursor);
    }
    const list = this.#list;
    this.#list = [];
    if (this.#refusal !== undefined) throw this.#refusal;
    return list;
  }

  #read(block: Uint8Array): void {
    const end = block.length;
    if (end > 2 * this.#maxFieldBytes) {
      throw new ProtocolError('FIELD_LIMIT', `a header block of ${end} bytes is more than twice maxFieldBytes`, {
        scope: 'connection',
        wireCode: WIRE_ENHANCE_YOUR_CALM,
        limit: 'maxFieldBytes',
      });
    }
    const cursor = this.#cursor;
    cursor.bytes = block;
    cursor.at = 0;
    this.#sizeUpdates();
    while (cursor.at < end) {
      const first = block[cursor.at] as number;
      if (first >= INDEXED) this.#indexed();
      else if (first >= INDEXING) this.#literal(INDEXING_MASK, true, false);
      else if (first < SIZE_UPDATE) this.#literal(LITERAL_MASK, false, first >= NEVER_INDEXED);
      else throw compressionError('a table size update that is not at the beginning of the block, or one too many');
    }
  }

  #sizeUpdates(): void {
    const cursor = this.#cursor;
    const { bytes } = cursor;
    for (let updates = 0; updates < MOST_UPDATES; updates++) {
      if (((bytes[cursor.at] ?? 0) & ~SIZE_UPDATE_MASK) !== SIZE_UPDATE) break;
      const size = readInteger(cursor, SIZE_UPDATE_MASK);
      if (size > this.#maxTableSize) throw compressionError(`a table size update to ${size} is above what is allowed`);
      if (this.#owedUpdate >= 0) {
        if (size > this.#owedUpdate) break;
        this.#owedUpdate = -1;
      }
      this.#table.resize(size);
    }
    if (this.#owedUpdate >= 0) throw compressionError('the table was lowered, and the next block does not say so');
  }

  #indexed(): void {
    const index = readInteger(this.#cursor, INDEXED_MASK);
    if (index <= STATIC_LENGTH) {
      if (index === 0) throw compressionError('index 0');
      this.#keep(STATIC_NAMES[index] as string, STATIC_VALUES[index] as string);
    } else {
      const slot = this.#slotOf(index);
      this.#keep(this.#table.names[slot] as string, this.#table.values[slot] as string);
    }
  }

  #literal(mask: number, indexing: boolean, neverIndexed: boolean): void {
    const cursor = this.#cursor;
    const table = this.#table;
    const index = readInteger(cursor, mask);
    // What is longer is needed neither in the list nor in the table, and is read without becoming a string.
    let most = this.#room - ENTRY_OVERHEAD;
    if (indexing) most = Math.max(most, table.capacity - ENTRY_OVERHEAD);
    let name: string | undefined;
    let nameLength: number;
    if (index === 0) {
      name = readString(cursor, most);
      nameLength = cursor.length;
      if (nameLength === 0) this.#refuseName();
    } else {
      name = index <= STATIC_LENGTH ? STATIC_NAMES[index] : table.names[this.#slotOf(index)];
      nameLength = (name as string).length;
    }
    const value = readString(cursor, most - nameLength);
    if (indexing) table.insert(name ?? '', value ?? '', nameLength + cursor.length + ENTRY_OVERHEAD);
    if (name === undefined || value === undefined) this.#refuseSize();
    else if (this.#keep(name, value) && neverIndexed) (this.#neverIndexed ??= []).push(this.#list.length / 2 - 1);
  }

  #slotOf(index: number): number {
    const newer = index - STATIC_LENGTH - 1;
    if (newer >= this.#table.length) throw compressionError(`there is no entry with index ${index}`);
    return this.#table.slotOf(newer);
  }

  /** Puts a field into the list, or refuses the block; whether it is there. */
  #keep(name: string, value: string): boolean {
    if (this.#refusal !== undefined) return false;
    const room = this.#room - name.length - value.length - ENTRY_OVERHEAD;
    if (room < 0) {
      this.#refuseSize();
      return false;
    }
    const list = this.#list;
    if (list.length >= 2 * this.#maxFields) {
      this.#refuse(refusal('FIELD_LIMIT', 'a block has more than maxFields', WIRE_ENHANCE_YOUR_CALM, 'maxFields'));
      return false;
    }
    this.#room = room;
    list.push(name, value);
    return true;
  }

  #refuseSize(): void {
    if (this.#refusal !== undefined) return;
    const message = 'a block decodes to more than maxFieldBytes';
    this.#refuse(refusal('FIELD_LIMIT', message, WIRE_ENHANCE_YOUR_CALM, 'maxFieldBytes'));
  }

  #refuseName(): void {
    if (this.#refusal !== undefined) return;
    this.#refuse(refusal('PROTOCOL_ERROR', 'a field without a name', WIRE_PROTOCOL_ERROR));
  }

  /** Keeps no more of this block; with `#room` below 0, nothing becomes a string that the table does not need. */
  #refuse(error: ProtocolError): void {
    this.#room = -1;
    this.#list = [];
    this.#neverIndexed = undefined;
    this.#refusal = error;
  }
}
