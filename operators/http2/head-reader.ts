import { isProtocolError, type ProtocolError } from '../core/protocol-error.js';
import { Fields } from '../http/fields.js';
import { HpackDecoder } from '../hpack/decoder.js';
import type { HpackDecoderConfig } from '../hpack/decoder-config.js';
import { fieldOf } from './field-rules.js';
import { parsePriorityField, type Priority } from './priority-field.js';
import type { RequestControl } from './request-rules.js';
import type { ResponseControl } from './response-rules.js';

/** A header block as it was decoded. It may be shared by messages that were sent the same one: nobody changes it. */
export class DecodedHead {
  /** Checked as the head of a request, if it was. */
  request: RequestControl | undefined = undefined;
  /** Checked as the head of a response, if it was. */
  response: ResponseControl | undefined = undefined;
  #priority: Priority | undefined | null = null;

  constructor(
    /** Name, value, name, value, … with the pseudo-fields first. */
    readonly list: readonly string[],
    /** Numbers of the pairs that came as never-indexed. */
    readonly neverIndexed: readonly number[] | undefined,
  ) {}

  /** What the `priority` field says, if there is one (RFC 9218 §5). */
  get priority(): Priority | undefined {
    if (this.#priority !== null) return this.#priority;
    const value = fieldOf(this.list, 'priority');
    return (this.#priority = value === undefined ? undefined : parsePriorityField(value));
  }

  /** The fields without the pseudo-fields, in a list of its own; the crumbs of a cookie in one (RFC 9113 §8.2.3). */
  fields(): Fields {
    const { list } = this;
    let from = 0;
    while (from < list.length && (list[from] as string).charCodeAt(0) === COLON) from += 2;
    const own = list.slice(from);
    const flags = this.neverIndexed?.map((pair) => pair - from / 2).filter((pair) => pair >= 0);
    const fields = Fields.fromParsed(own, flags);
    const cookies = crumbs(own);
    return cookies > 1 ? fields.set('cookie', fields.getAll('cookie').join('; ')) : fields;
  }
}

const COLON = 0x3a;
/** Blocks kept for comparison, and the longest of them. Bytes. */
const MOST_KEPT = 4;
const LONGEST_KEPT = 512;

interface Kept {
  readonly block: Uint8Array;
  readonly tableChanges: number;
  readonly head: DecodedHead;
}

/**
 * Decodes header blocks, and knows those again that it has just decoded: a peer that asks the same again sends the same few
 * bytes, and as long as the dynamic table stands they mean the same.
 */
export class HeadReader {
  readonly #decoder: HpackDecoder;
  readonly #kept: Kept[] = [];
  #next = 0;

  constructor(config: HpackDecoderConfig) {
    this.#decoder = new HpackDecoder(config);
  }

  /** Our SETTINGS_HEADER_TABLE_SIZE was acknowledged. */
  setMaxTableSize(size: number): void {
    this.#decoder.setMaxTableSize(size);
  }

  /** As {@link read}; one that could be read and was refused is returned. @throws ProtocolError connection */
  tryRead(block: Uint8Array): DecodedHead | ProtocolError {
    try {
      return this.read(block);
    } catch (error) {
      // The table has followed it to its end: only what it says is lost.
      if (!isProtocolError(error) || error.scope !== 'stream') throw error;
      return error;
    }
  }

  /** @throws ProtocolError as `HpackDecoder.decode` does */
  read(block: Uint8Array): DecodedHead {
    const { tableChanges } = this.#decoder;
    const { length } = block;
    if (length <= LONGEST_KEPT) {
      for (const kept of this.#kept) {
        if (kept.tableChanges === tableChanges && kept.block.length === length && same(kept.block, block)) {
          return kept.head;
        }
      }
    }
    const list = this.#decoder.decodeList(block);
    const head = new DecodedHead(list, this.#decoder.neverIndexed);
    if (length <= LONGEST_KEPT && this.#decoder.tableChanges === tableChanges) {
      this.#kept[this.#next] = { block: Buffer.from(block), tableChanges, head };
      this.#next = (this.#next + 1) % MOST_KEPT;
    }
    return head;
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function crumbs(list: readonly string[]): number {
  let found = 0;
  for (let i = 0; i < list.length; i += 2) if (list[i] === 'cookie') found++;
  return found;
}
