/** Reads a status line (RFC 9112 §4): `HTTP-version SP status-code SP [ reason-phrase ] CRLF`, resumable at any byte. */
import { CR, FIELD_VALUE, LF } from './byte-class.js';
import { badByte, bareCr, refusal } from './refuse.js';

const PREFIX = 0;
const REASON = 1;
const LINE_FEED = 2;

/** `d` is a digit. The space after the code is mandatory, with or without a reason. */
const PATTERN = 'HTTP/d.d ddd ';
const MAJOR = 5;
const MINOR = 7;

export class StatusLineReader {
  readonly #limit: number;
  #state = PREFIX;
  #major = 0;
  at = 0;
  status = 0;
  reasonEnd = 0;
  minor = 1;

  /** Offset of the reason phrase. */
  static readonly REASON_START = PATTERN.length;

  constructor(maxStartLine: number) {
    this.#limit = maxStartLine;
  }

  begin(): void {
    this.#state = PREFIX;
    this.at = 0;
    this.status = 0;
  }

  get started(): boolean {
    return this.at > 0;
  }

  get atBoundary(): boolean {
    return this.at === 0;
  }

  /** Reads on; whether the LF of the line was read. */
  read(bytes: Uint8Array, base: number, end: number): boolean {
    const bound = base + this.#limit + 1;
    const stop = bound < end ? bound : end;
    let state = this.#state;
    let i = base + this.at;
    if (state === PREFIX) {
      while (i < stop && i - base < PATTERN.length) this.#prefixByte(i - base, bytes[i++] as number);
      if (i - base === PATTERN.length) state = REASON;
    }
    if (state === REASON) {
      while (i < stop && FIELD_VALUE[bytes[i] as number] !== 0) i++;
      if (i < stop) {
        if (bytes[i] !== CR) throw badByte('client', bytes[i] as number, 'BAD_STATUS_LINE', 'the reason phrase');
        this.reasonEnd = i - base;
        state = LINE_FEED;
        i++;
      }
    }
    this.#state = state;
    this.at = i - base;
    if (state === LINE_FEED && i < end) {
      if (bytes[i] !== LF) throw bareCr('client', 'the status line');
      this.at++;
      return true;
    }
    if (i === bound && state !== LINE_FEED) {
      throw refusal('client', 'START_LINE_LIMIT', 'the status line passes maxStartLine', 0, 'maxStartLine');
    }
    return false;
  }

  #prefixByte(place: number, byte: number): void {
    const digit = byte - 0x30;
    if (PATTERN[place] !== 'd') {
      if (byte !== PATTERN.charCodeAt(place)) throw badByte('client', byte, 'BAD_STATUS_LINE', 'the status line');
      if (place === MINOR + 1 && (this.#major !== 1 || this.minor > 1)) {
        throw refusal('client', 'VERSION_UNSUPPORTED', `HTTP/${this.#major}.${this.minor}`);
      }
      return;
    }
    if (digit < 0 || digit > 9) throw badByte('client', byte, 'BAD_STATUS_LINE', 'the status line');
    if (place === MAJOR) this.#major = digit;
    else if (place === MINOR) this.minor = digit;
    else {
      this.status = this.status * 10 + digit;
      if (this.status === 0) throw badByte('client', byte, 'BAD_STATUS_LINE', 'the status code');
    }
  }
}
