/**
 * Reads field lines (RFC 9112 §5): one pass over the bytes, resumable at any of them.
 *
 * The reader records offsets and makes no string; the caller makes one of the whole section and {@link
 * FieldSectionReader.list} cuts it up. Offsets count from `base`, the place of the section in whatever buffer it lies in,
 * so a section that turns out to be incomplete can move to another buffer between two calls.
 */
import { COLON, CR, FIELD_VALUE, HTAB, LF, SP, TOKEN_LOWER } from './byte-class.js';
import { findName, flagsAt, hashStep, NOT_IN_TRAILERS, nameAt } from './field-name.js';
import type { Http1Limits, Http1Role } from './limits.js';
import { badByte, bareCr, refusal } from './refuse.js';

const LINE = 0;
const NAME = 1;
const PADDING = 2;
const VALUE = 3;
const LINE_FEED = 4;
const LAST_LINE_FEED = 5;

/** What a field costs besides its name and value, as in RFC 7541 §4.1. */
const FIELD_OVERHEAD = 32;
/** Offsets recorded for a field: slot of a known name, start and end of the name, start and end of the value. */
const STRIDE = 5;

export class FieldSectionReader {
  readonly #role: Http1Role;
  readonly #trailers: boolean;
  readonly #marks: number[] = [];
  #state = LINE;
  #mark = 0;
  #hash = 0;
  #maxBytes = 0;
  #maxFields = 0;
  /** Where the section must have ended, its last CRLF included. */
  #bound = 0;
  /** Next byte to read. */
  at = 0;
  /** Fields read so far. */
  count = 0;
  /** What they cost: names, values and an overhead each. */
  cost = 0;
  /** Bit `1 << n` for a noticed name `n` that occurs, and for one that occurs again. */
  seen = 0;
  repeated = 0;
  /** Index of the first field of each noticed name; valid where {@link seen} has its bit. */
  readonly first: number[] = [0, 0, 0, 0, 0, 0, 0, 0];

  constructor(role: Http1Role, trailers: boolean) {
    this.#role = role;
    this.#trailers = trailers;
  }

  /** Starts a section at `at`. */
  begin(at: number, maxBytes: number, maxFields: number): void {
    this.#state = LINE;
    this.at = at;
    this.count = 0;
    this.cost = 0;
    this.seen = 0;
    this.repeated = 0;
    this.#maxBytes = maxBytes;
    this.#maxFields = maxFields;
    this.#bound = at + maxBytes + 2;
  }

  /** Reads on in `bytes`, where the section started at `base`; whether its last byte was read. */
  read(bytes: Uint8Array, base: number, end: number): boolean {
    const bound = base + this.#bound;
    const stop = bound < end ? bound : end;
    let state = this.#state;
    let i = base + this.at;
    while (i < stop) {
      if (state === LINE) {
        const byte = bytes[i] as number;
        if (byte === CR) {
          state = LAST_LINE_FEED;
          i++;
          continue;
        }
        this.#checkLineStart(byte);
        this.#mark = i - base;
        this.#hash = 0;
        state = NAME;
      }
      if (state === NAME) {
        let hash = this.#hash;
        let lower = 0;
        while (i < stop && (lower = TOKEN_LOWER[bytes[i] as number] as number) !== 0) {
          hash = hashStep(hash, lower);
          i++;
        }
        this.#hash = hash;
        if (i === stop) break;
        this.#endName(bytes, base, i);
        state = PADDING;
        i++;
      }
      if (state === PADDING) {
        while (i < stop && (bytes[i] === SP || bytes[i] === HTAB)) i++;
        if (i === stop) break;
        this.#mark = i - base;
        state = VALUE;
      }
      if (state === VALUE) {
        while (i < stop && FIELD_VALUE[bytes[i] as number] !== 0) i++;
        if (i === stop) break;
        if (bytes[i] !== CR) throw badByte(this.#role, bytes[i] as number, 'BAD_FIELD_LINE', 'a field value');
        this.#endValue(bytes, base, i);
        state = LINE_FEED;
        i++;
        if (i === stop) break;
      }
      if (bytes[i] !== LF) throw bareCr(this.#role, 'a field line');
      i++;
      if (state === LAST_LINE_FEED) {
        this.at = i - base;
        return true;
      }
      state = LINE;
    }
    this.#state = state;
    this.at = i - base;
    if (i === bound) throw this.#tooMany('maxFieldBytes');
    return false;
  }

  /** Names and values of the section, whose text from `base` on is `text`. */
  list(text: string): string[] {
    const marks = this.#marks;
    const list = Array<string>(this.count * 2); // sized at once: growing costs more than the strings
    for (let m = 0, i = 0, n = this.count * STRIDE; m < n; m += STRIDE) {
      const slot = marks[m] as number;
      list[i++] =
        slot < 0 ? text.substring(marks[m + 1] as number, marks[m + 2] as number).toLowerCase() : nameAt(slot);
      list[i++] = text.substring(marks[m + 3] as number, marks[m + 4] as number);
    }
    return list;
  }

  /** Whether HTAB stands in or around the first value of a noticed name. */
  hasTab(text: string, notice: number): boolean {
    const nameEnd = this.#marks[(this.first[notice] as number) * STRIDE + 2] as number;
    const tab = text.indexOf('\t', nameEnd);
    return tab >= 0 && tab < text.indexOf('\r', nameEnd);
  }

  #checkLineStart(byte: number): void {
    if (byte === SP || byte === HTAB) {
      throw this.count === 0
        ? refusal(this.#role, 'BAD_FIELD_LINE', 'white space before the first field')
        : refusal(this.#role, 'OBS_FOLD', 'a field value folded over two lines');
    }
    if (TOKEN_LOWER[byte] === 0) throw badByte(this.#role, byte, 'BAD_FIELD_LINE', 'a field name');
    if (this.count === this.#maxFields) throw this.#tooMany('maxFields');
  }

  /** `at` is the first byte after the name. */
  #endName(bytes: Uint8Array, base: number, at: number): void {
    if (bytes[at] !== COLON) throw badByte(this.#role, bytes[at] as number, 'BAD_FIELD_LINE', 'a field name');
    const mark = this.#mark;
    const slot = findName(bytes, base + mark, at, this.#hash);
    const m = this.count * STRIDE;
    this.#marks[m] = slot;
    this.#marks[m + 1] = mark;
    this.#marks[m + 2] = at - base;
    if (slot < 0) return;
    const flags = flagsAt(slot);
    if (flags === 0) return;
    if (this.#trailers) throw refusal(this.#role, 'FORBIDDEN_TRAILER', `${nameAt(slot)} in a trailer section`);
    const notice = flags & ~NOT_IN_TRAILERS;
    if (notice === 0) return;
    const bit = 1 << notice;
    if ((this.seen & bit) !== 0) {
      this.repeated |= bit;
      return;
    }
    this.seen |= bit;
    this.first[notice] = this.count;
  }

  /** `at` is the CR after the value. */
  #endValue(bytes: Uint8Array, base: number, at: number): void {
    const start = base + this.#mark;
    let last = at;
    while (last > start && (bytes[last - 1] === SP || bytes[last - 1] === HTAB)) last--;
    const marks = this.#marks;
    const m = this.count * STRIDE;
    marks[m + 3] = this.#mark;
    marks[m + 4] = last - base;
    this.cost += last - start + (marks[m + 2] as number) - (marks[m + 1] as number) + FIELD_OVERHEAD;
    if (this.cost > this.#maxBytes) throw this.#tooMany('maxFieldBytes');
    this.count++;
  }

  #tooMany(limit: keyof Http1Limits): Error {
    if (!this.#trailers) {
      return refusal(this.#role, 'FIELD_LIMIT', `the header section passes ${limit}`, 431, limit);
    }
    const name = limit === 'maxFields' ? 'maxTrailers' : 'maxTrailerBytes';
    return refusal(this.#role, 'TRAILER_LIMIT', `the trailer section passes ${name}`, 431, name);
  }
}
