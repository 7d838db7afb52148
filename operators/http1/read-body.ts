/** Reads a message body by its framing (RFC 9112 §6, §7). What has arrived of a chunk is given at once, as a view. */
import { Fields } from '../http/fields.js';
import { badByte, bareCr, refusal } from './refuse.js';
import { CR, LF, latin1 } from './byte-class.js';
import { DATA, END, NEED_DATA } from './decoder-event.js';
import { FRAMING_CHUNKED, FRAMING_CLOSE, FRAMING_LENGTH } from './framing.js';
import type { InputQueue } from './input-queue.js';
import type { Http1Limits, Http1Role } from './limits.js';
import { ChunkSizeReader } from './read-chunk-size.js';
import { FieldSectionReader } from './read-fields.js';

const NO_BODY = 0;
const LENGTH = 1;
const UNTIL_CLOSE = 2;
const CHUNK_SIZE = 3;
const CHUNK_DATA = 4;
const CHUNK_CR = 5;
const CHUNK_LF = 6;
const TRAILERS = 7;

const NO_BYTES = new Uint8Array(0);

export class BodyReader {
  readonly #role: Http1Role;
  readonly #limits: Readonly<Http1Limits>;
  #size: ChunkSizeReader | undefined;
  #section: FieldSectionReader | undefined;
  #state = NO_BODY;
  #remaining = 0;
  #extension = '';
  chunk: Uint8Array = NO_BYTES;
  extension = '';
  trailers: Fields | undefined = undefined;

  constructor(role: Http1Role, limits: Readonly<Http1Limits>) {
    this.#role = role;
    this.#limits = limits;
  }

  /** Starts the body of a message. */
  begin(framing: number, contentLength: number): void {
    this.trailers = undefined;
    this.extension = '';
    if (framing === FRAMING_LENGTH) {
      this.#state = LENGTH;
      this.#remaining = contentLength;
    } else if (framing === FRAMING_CHUNKED) {
      this.#state = CHUNK_SIZE;
      this.#size ??= new ChunkSizeReader(this.#role, this.#limits);
      this.#size.beginBody();
      this.#size.begin();
    } else this.#state = framing === FRAMING_CLOSE ? UNTIL_CLOSE : NO_BODY;
  }

  /** Advances by one event: NEED_DATA, DATA or END. */
  read(input: InputQueue): number {
    switch (this.#state) {
      case NO_BODY:
        return this.#end();
      case LENGTH:
        if (this.#remaining === 0) return this.#end();
        return input.load() ? this.#data(input) : this.#starve(input);
      case UNTIL_CLOSE:
        if (input.load()) {
          this.chunk = input.take(Number.MAX_SAFE_INTEGER);
          return DATA;
        }
        return input.ended ? this.#end() : NEED_DATA;
      default:
        return this.#readChunked(input);
    }
  }

  #readChunked(input: InputQueue): number {
    for (;;) {
      if (this.#state === TRAILERS) return this.#readTrailers(input);
      if (!input.load()) return this.#starve(input);
      switch (this.#state) {
        case CHUNK_SIZE:
          this.#readSize(input);
          break;
        case CHUNK_DATA:
          this.extension = this.#extension;
          this.#extension = '';
          this.#data(input);
          if (this.#remaining === 0) this.#state = CHUNK_CR;
          return DATA;
        case CHUNK_CR:
          this.#expect(input, CR);
          this.#state = CHUNK_LF;
          break;
        default:
          this.#expect(input, LF);
          this.#size?.begin();
          this.#state = CHUNK_SIZE;
      }
    }
  }

  #readSize(input: InputQueue): void {
    const reader = this.#size as ChunkSizeReader;
    const at = reader.read(input.chunk, input.at, input.chunk.length);
    input.at = at < 0 ? input.chunk.length : at;
    if (at < 0) return;
    this.#remaining = reader.size;
    this.#extension = reader.extension;
    this.#state = CHUNK_DATA;
    if (reader.size > 0) return;
    this.#extension = '';
    this.#section ??= new FieldSectionReader(this.#role, true);
    this.#section.begin(0, this.#limits.maxTrailerBytes, this.#limits.maxTrailers);
    this.#state = TRAILERS;
  }

  #readTrailers(input: InputQueue): number {
    const section = this.#section as FieldSectionReader;
    if (!input.readSection(section)) return this.#starve(input);
    if (section.count > 0) {
      const { sectionBase } = input;
      const text = latin1(input.section, sectionBase, sectionBase + section.at);
      this.trailers = Fields.fromParsed(section.list(text));
    }
    input.forgetSection();
    return this.#end();
  }

  #data(input: InputQueue): number {
    this.chunk = input.take(this.#remaining);
    this.#remaining -= this.chunk.length;
    return DATA;
  }

  #end(): number {
    this.#state = NO_BODY;
    this.chunk = NO_BYTES;
    this.extension = '';
    return END;
  }

  #starve(input: InputQueue): number {
    if (input.ended) throw refusal(this.#role, 'TRUNCATED_MESSAGE', 'the input ended inside a body');
    return NEED_DATA;
  }

  #expect(input: InputQueue, expected: number): void {
    const byte = input.chunk[input.at++] as number;
    if (byte === expected) return;
    throw expected === CR
      ? badByte(this.#role, byte, 'BAD_CHUNK', 'the end of a chunk')
      : bareCr(this.#role, 'the end of a chunk');
  }
}
