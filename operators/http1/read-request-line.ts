/** Reads a request line (RFC 9112 §3): `method SP request-target SP HTTP-version CRLF`, resumable at any byte. */
import { CR, LF, SP, TARGET, TOKEN_LOWER } from './byte-class.js';
import { badByte, bareCr, refusal } from './refuse.js';

const BEGIN = 0;
const LEADING_LINE_FEED = 1;
const METHOD = 2;
const TARGET_PART = 3;
const VERSION = 4;
const LINE_FEED = 5;

const VERSION_PATTERN = 'HTTP/d.d';

export class RequestLineReader {
  readonly #limit: number;
  #state = BEGIN;
  #leading = false;
  #major = 0;
  #minor = 0;
  /** Next byte to read; offsets count from where the reader was begun, the tolerated empty line included. */
  at = 0;
  methodStart = 0;
  methodEnd = 0;
  targetEnd = 0;
  /** 0 for HTTP/1.0, 1 for HTTP/1.1; valid once the line was read. */
  minor = 1;

  constructor(maxStartLine: number) {
    this.#limit = maxStartLine;
  }

  begin(): void {
    this.#state = BEGIN;
    this.#leading = false;
    this.at = 0;
  }

  /** A byte of the request itself was read, not only of the empty line before it. */
  get started(): boolean {
    return this.#state >= METHOD;
  }

  /** Only a whole empty line was read, or nothing. */
  get atBoundary(): boolean {
    return this.#state === BEGIN;
  }

  /** Reads on; whether the LF of the line was read. */
  read(bytes: Uint8Array, base: number, end: number): boolean {
    let state = this.#state;
    let i = base + this.at;
    if (state < METHOD) {
      while (i < end && state < METHOD) state = this.#begin(bytes[i] as number, i++, base, state);
      if (state === METHOD) i--;
    }
    const bound = base + this.methodStart + this.#limit + 1;
    const stop = bound < end ? bound : end;
    if (state === METHOD) {
      while (i < stop && TOKEN_LOWER[bytes[i] as number] !== 0) i++;
      if (i < stop) {
        if (bytes[i] !== SP) throw badByte('server', bytes[i] as number, 'BAD_REQUEST_LINE', 'the method');
        this.methodEnd = i - base;
        state = TARGET_PART;
        i++;
      }
    }
    if (state === TARGET_PART) {
      while (i < stop && TARGET[bytes[i] as number] !== 0) i++;
      if (i < stop) {
        if (bytes[i] !== SP || i - base === this.methodEnd + 1) {
          throw badByte('server', bytes[i] as number, 'BAD_REQUEST_LINE', 'the request target');
        }
        this.targetEnd = i - base;
        state = VERSION;
        i++;
      }
    }
    if (state === VERSION) {
      while (i < stop) {
        const place = i - base - this.targetEnd - 1;
        if (place === 8) {
          this.#endVersion(bytes[i] as number);
          state = LINE_FEED;
          i++;
          break;
        }
        this.#versionByte(place, bytes[i] as number);
        i++;
      }
    }
    this.#state = state;
    this.at = i - base;
    if (state === LINE_FEED && i < end) {
      if (bytes[i] !== LF) throw bareCr('server', 'the request line');
      this.at++;
      return true;
    }
    if (i === bound && state !== LINE_FEED && state >= METHOD) {
      throw refusal('server', 'START_LINE_LIMIT', 'the request line passes maxStartLine', 414, 'maxStartLine');
    }
    return false;
  }

  #begin(byte: number, i: number, base: number, state: number): number {
    if (state === LEADING_LINE_FEED) {
      if (byte !== LF) throw bareCr('server', 'the empty line before a request');
      return BEGIN;
    }
    if (byte === CR && !this.#leading) {
      this.#leading = true;
      return LEADING_LINE_FEED;
    }
    if (TOKEN_LOWER[byte] === 0) throw badByte('server', byte, 'BAD_REQUEST_LINE', 'the method');
    this.methodStart = i - base;
    return METHOD;
  }

  #versionByte(place: number, byte: number): void {
    const expected = VERSION_PATTERN.charCodeAt(place);
    const digit = byte - 0x30;
    if (place !== 5 && place !== 7) {
      if (byte === expected) return;
    } else if (digit >= 0 && digit <= 9) {
      if (place === 5) this.#major = digit;
      else this.#minor = digit;
      return;
    }
    throw badByte('server', byte, 'BAD_REQUEST_LINE', 'the version');
  }

  #endVersion(byte: number): void {
    if (byte !== CR) throw badByte('server', byte, 'BAD_REQUEST_LINE', 'the version');
    if (this.#major !== 1 || this.#minor > 1) {
      throw refusal('server', 'VERSION_UNSUPPORTED', `HTTP/${this.#major}.${this.#minor}`, 505);
    }
    this.minor = this.#minor;
  }
}
