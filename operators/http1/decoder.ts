/**
 * Reads HTTP/1 messages from bytes: a pull machine without RxJS, I/O or copies.
 *
 * `push` appends input and never parses; each `read` advances by one event. A head is one pass over its bytes; a body
 * chunk is a view of the input. Every rule broken is a `ProtocolError`, after which the decoder only repeats it.
 */
import type { Fields } from '../http/fields.js';
import { latin1 } from './byte-class.js';
import { CLOSED, END, HEAD, NEED_DATA } from './decoder-event.js';
import { FRAMING_NONE } from './framing.js';
import { InputQueue } from './input-queue.js';
import type { Http1Limits, Http1Role } from './limits.js';
import { BodyReader } from './read-body.js';
import { FieldSectionReader } from './read-fields.js';
import { HeadReader, type StartLineReader } from './read-head.js';
import { refusal } from './refuse.js';

const BETWEEN = 0;
const IN_HEAD = 1;
const IN_BODY = 2;
const DONE = 3;

export abstract class MessageDecoder<Head> {
  protected readonly limits: Readonly<Http1Limits>;
  protected readonly section: FieldSectionReader;
  readonly #role: Http1Role;
  readonly #input = new InputQueue();
  readonly #headReader: HeadReader;
  readonly #body: BodyReader;
  #state = BETWEEN;
  #failure: { readonly error: unknown } | undefined;

  /** After HEAD: the head. */
  head!: Head;
  /** After HEAD, how the body is delimited: one of the `FRAMING_` constants. */
  framing = FRAMING_NONE;
  /** After HEAD: bytes of the body, or -1 unless `framing` is `FRAMING_LENGTH`. */
  contentLength = -1;
  /** After HEAD: `gzip` or `deflate` where the body is coded so under `chunked`, else empty. DATA is still coded. */
  transferCoding = '';
  /** After HEAD: the message leaves the connection open. Where it does not, nothing after its END is read. */
  keepAlive = true;

  protected constructor(role: Http1Role, limits: Readonly<Http1Limits>, startLine: StartLineReader) {
    this.#role = role;
    this.limits = limits;
    this.section = new FieldSectionReader(role, false);
    this.#headReader = new HeadReader(startLine, this.section, limits.maxFields);
    this.#body = new BodyReader(role, limits);
  }

  /** After DATA: a view of the input, valid to keep. */
  get chunk(): Uint8Array {
    return this.#body.chunk;
  }

  /** After DATA: what stood behind the semicolon of the chunk-size line this DATA follows, else empty. */
  get chunkExtension(): string {
    return this.#body.extension;
  }

  /** After END: the trailer section, if it had a field. */
  get trailers(): Fields | undefined {
    return this.#body.trailers;
  }

  /** Bytes that were pushed and not yet read. */
  get buffered(): number {
    return this.#input.length;
  }

  /** Some of a message was read, and its END was not. */
  get midMessage(): boolean {
    return this.#state === IN_BODY || (this.#state === IN_HEAD && this.#headReader.started);
  }

  /** Appends input. It is not copied unless a line runs over its end, and must not change afterwards. */
  push(chunk: Uint8Array): void {
    this.#input.push(chunk);
  }

  /** The peer has ended its direction. */
  finish(): void {
    this.#input.ended = true;
  }

  /**
   * Advances by one event and says which: `NEED_DATA`, `HEAD`, `DATA`, `END` or `CLOSED`.
   *
   * @throws ProtocolError for a message that is refused; every later call throws the same.
   */
  read(): number {
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      if (this.#state <= IN_HEAD) return this.#readHead();
      if (this.#state === DONE) return CLOSED;
      const event = this.#body.read(this.#input);
      if (event === END) this.#state = this.keepAlive ? BETWEEN : DONE;
      return event;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  /** What was pushed and not read, in one piece. The decoder is done then: it reads `CLOSED`. */
  takeRest(): Uint8Array {
    this.#state = DONE;
    return this.#input.takeAll();
  }

  /** Before the first byte of a head: how much its fields may cost. Throws where no message is awaited. */
  protected abstract beginHead(): number;

  /** Takes a head apart, all of which is `text`: sets `head`, `framing` and what else is known after HEAD. */
  protected abstract completeHead(text: string): void;

  #readHead(): number {
    const input = this.#input;
    const reader = this.#headReader;
    if (this.#state === BETWEEN) {
      if (!input.load()) return input.ended ? this.#close() : NEED_DATA;
      reader.begin(this.beginHead());
      this.#state = IN_HEAD;
    }
    if (!input.readSection(reader)) {
      if (!input.ended) return NEED_DATA;
      if (reader.atBoundary) return this.#close();
      throw refusal(this.#role, 'TRUNCATED_MESSAGE', 'the input ended inside a head');
    }
    const { sectionBase } = input;
    const text = latin1(input.section, sectionBase, sectionBase + reader.at);
    input.forgetSection();
    this.completeHead(text);
    this.#body.begin(this.framing, this.contentLength);
    this.#state = IN_BODY;
    return HEAD;
  }

  #close(): number {
    this.#state = DONE;
    return CLOSED;
  }
}
