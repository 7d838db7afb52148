/**
 * Reads a chunk-size line (RFC 9112 §7.1): `1*HEXDIG *( BWS ";" BWS name [ BWS "=" BWS value ] ) CRLF`.
 *
 * A size is read digit by digit and extensions by their grammar, one state and one byte class at a time, because every
 * shortcut here (parsing a number, skipping to the line's end) has been a way to smuggle a request.
 */
import { CR, HEX_VALUE, HTAB, LF, latin1, SP, TOKEN_LOWER } from './byte-class.js';
import type { Http1Limits, Http1Role } from './limits.js';
import { badByte, bareCr, refusal } from './refuse.js';

const SIZE = 0;
const BEFORE_SEMICOLON = 1;
const BEFORE_NAME = 2;
const NAME = 3;
const AFTER_NAME = 4;
const BEFORE_VALUE = 5;
const VALUE = 6;
const QUOTED = 7;
const QUOTED_PAIR = 8;
const AFTER_QUOTED = 9;
const LINE_FEED = 10;
const ERROR = 255;

// Byte classes of the extension grammar; 0 is every other byte.
const TCHAR = 1;
const WHITE = 2;
const SEMICOLON = 3;
const EQUALS = 4;
const QUOTE = 5;
const BACKSLASH = 6;
const VISIBLE = 7;
const END = 8;
const CLASSES = 9;

const CLASS = new Uint8Array(256);
for (let byte = 0x21; byte < 0x100; byte++) if (byte !== 0x7f) CLASS[byte] = TOKEN_LOWER[byte] !== 0 ? TCHAR : VISIBLE;
for (const [byte, type] of [
  [SP, WHITE],
  [HTAB, WHITE],
  [0x3b, SEMICOLON],
  [0x3d, EQUALS],
  [0x22, QUOTE],
  [0x5c, BACKSLASH],
  [CR, END],
] as const) {
  CLASS[byte] = type;
}

const NEXT = new Uint8Array((LINE_FEED + 1) * CLASSES).fill(ERROR);
const QUOTABLE = [TCHAR, WHITE, SEMICOLON, EQUALS, VISIBLE];
function from(state: number, moves: readonly (readonly [number, number])[]): void {
  for (const [type, next] of moves) NEXT[state * CLASSES + type] = next;
}
const SIZE_ENDS = [
  [WHITE, BEFORE_SEMICOLON],
  [SEMICOLON, BEFORE_NAME],
  [END, LINE_FEED],
] as const;
from(SIZE, SIZE_ENDS);
from(BEFORE_SEMICOLON, SIZE_ENDS.slice(0, 2));
from(BEFORE_NAME, [
  [WHITE, BEFORE_NAME],
  [TCHAR, NAME],
]);
from(NAME, [[TCHAR, NAME], [WHITE, AFTER_NAME], [EQUALS, BEFORE_VALUE], ...SIZE_ENDS.slice(1)]);
from(AFTER_NAME, [
  [WHITE, AFTER_NAME],
  [EQUALS, BEFORE_VALUE],
  [SEMICOLON, BEFORE_NAME],
]);
from(BEFORE_VALUE, [
  [WHITE, BEFORE_VALUE],
  [TCHAR, VALUE],
  [QUOTE, QUOTED],
]);
from(VALUE, [[TCHAR, VALUE], ...SIZE_ENDS]);
from(QUOTED, [[QUOTE, AFTER_QUOTED], [BACKSLASH, QUOTED_PAIR], ...QUOTABLE.map((type) => [type, QUOTED] as const)]);
from(
  QUOTED_PAIR,
  [...QUOTABLE, QUOTE, BACKSLASH].map((type) => [type, QUOTED] as const),
);
from(AFTER_QUOTED, SIZE_ENDS);

/** Whether `text` is one or more chunk extensions, without the first semicolon. */
export function isChunkExtension(text: string): boolean {
  if (typeof text !== 'string') return false; // what was checked must be what is written
  let state = BEFORE_NAME;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    state = code > 255 ? ERROR : (NEXT[state * CLASSES + (CLASS[code] as number)] as number);
    if (state === ERROR || state === LINE_FEED) return false;
  }
  return NEXT[state * CLASSES + END] === LINE_FEED;
}

export class ChunkSizeReader {
  readonly #role: Http1Role;
  readonly #limits: Readonly<Http1Limits>;
  #state = SIZE;
  #digits = 0;
  /** Bytes after the size: on this line, and in this body before it. */
  #length = 0;
  #total = 0;
  #inExtension = false;
  /** The size, once the line was read. */
  size = 0;
  /** What follows the first semicolon. */
  extension = '';

  constructor(role: Http1Role, limits: Readonly<Http1Limits>) {
    this.#role = role;
    this.#limits = limits;
  }

  /** Starts a body. */
  beginBody(): void {
    this.#total = 0;
  }

  /** Starts a line. */
  begin(): void {
    this.#state = SIZE;
    this.#digits = 0;
    this.#length = 0;
    this.#inExtension = false;
    this.size = 0;
    this.extension = '';
  }

  /** Reads on from `at`: the place after the line's LF, or -1 when all was read and the line goes on. */
  read(bytes: Uint8Array, at: number, end: number): number {
    let i = at;
    if (this.#state === SIZE) {
      let digit = 0;
      while (i < end && (digit = HEX_VALUE[bytes[i] as number] as number) !== 255) {
        if (++this.#digits > this.#limits.maxChunkSizeDigits) {
          throw refusal(this.#role, 'BAD_CHUNK', 'the chunk size has too many digits', 400, 'maxChunkSizeDigits');
        }
        this.size = this.size * 16 + digit;
        i++;
      }
      if (i === end) return -1;
      if (this.#digits === 0) throw badByte(this.#role, bytes[i] as number, 'BAD_CHUNK', 'a chunk size');
    }
    if (this.#state !== LINE_FEED) {
      i = this.#readExtensions(bytes, i, end);
      if (i === end) return -1;
    }
    if (bytes[i] !== LF) throw bareCr(this.#role, 'a chunk-size line');
    return i + 1;
  }

  /** Reads through the CR; the place after it. */
  #readExtensions(bytes: Uint8Array, at: number, end: number): number {
    let state = this.#state;
    let i = at;
    while (i < end && state !== LINE_FEED) {
      const byte = bytes[i] as number;
      const next = NEXT[state * CLASSES + (CLASS[byte] as number)] as number;
      if (next === ERROR) throw badByte(this.#role, byte, 'BAD_CHUNK', 'a chunk-size line');
      if (next !== LINE_FEED) this.#count();
      state = next;
      i++;
    }
    const textEnd = state === LINE_FEED ? i - 1 : i;
    if (textEnd > at) this.#keep(latin1(bytes, at, textEnd));
    this.#state = state;
    return i;
  }

  #count(): void {
    if (++this.#length > this.#limits.maxChunkExtension) this.#tooLong('maxChunkExtension');
    if (++this.#total > this.#limits.maxChunkExtensions) this.#tooLong('maxChunkExtensions');
  }

  #tooLong(limit: 'maxChunkExtension' | 'maxChunkExtensions'): never {
    throw refusal(this.#role, 'CHUNK_EXTENSION_LIMIT', `chunk extensions pass ${limit}`, 400, limit);
  }

  #keep(text: string): void {
    if (this.#inExtension) {
      this.extension += text;
      return;
    }
    const semicolon = text.indexOf(';');
    if (semicolon < 0) return;
    this.#inExtension = true;
    this.extension = text.slice(semicolon + 1);
  }
}
