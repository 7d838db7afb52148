import { isUtf8 } from 'node:buffer';

/** From here on a piece is checked by Node, in one call. Bytes. */
const WHOLE = 24;

/**
 * Checks that bytes are UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF), in pieces cut
 * anywhere, and says so at the first byte that cannot be.
 *
 * @example
 * ```ts
 * import { Utf8Validator } from 'rxweir/operators';
 * const validator = new Utf8Validator();
 * validator.push(Uint8Array.of(0xe2, 0x82)); // true, so far
 * validator.complete; // false: a byte is missing
 * ```
 */
export class Utf8Validator {
  /** Bytes of the current character that are missing; -1 once something was wrong. */
  #missing = 0;
  /** What the next of them may be. */
  #low = 0x80;
  #high = 0xbf;

  /** Whether what was pushed ends with a whole character. */
  get complete(): boolean {
    return this.#missing === 0;
  }

  /** Begins anew. */
  reset(): void {
    this.#missing = 0;
    this.#low = 0x80;
    this.#high = 0xbf;
  }

  /** Takes bytes `start` to `end`; whether all so far can be the beginning of UTF-8. */
  push(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
    if (this.#missing < 0) return false;
    if (end - start < WHOLE) return this.#step(bytes, start, end);
    let at = start;
    while (this.#missing > 0 && at < end) if (!this.#step(bytes, at, ++at)) return false;
    const whole = lastBoundary(bytes, at, end);
    if (whole > at && !isUtf8(bytes.subarray(at, whole))) {
      this.#missing = -1;
      return false;
    }
    return this.#step(bytes, whole, end);
  }

  #step(bytes: Uint8Array, start: number, end: number): boolean {
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (this.#missing > 0) {
        if (byte < this.#low || byte > this.#high) this.#missing = -1;
        else this.#missing--;
        this.#low = 0x80;
        this.#high = 0xbf;
      } else if (byte >= 0x80) this.#begin(byte);
      if (this.#missing < 0) return false;
    }
    return true;
  }

  /** The first byte of a character of more than one: some narrow what the second may be. */
  #begin(byte: number): void {
    if (byte >= 0xc2 && byte <= 0xdf) this.#missing = 1;
    else if (byte >= 0xe0 && byte <= 0xef) this.#missing = 2;
    else if (byte >= 0xf0 && byte <= 0xf4) this.#missing = 3;
    else this.#missing = -1;
    if (byte === 0xe0)
      this.#low = 0xa0; // no overlong form
    else if (byte === 0xed)
      this.#high = 0x9f; // no surrogate
    else if (byte === 0xf0)
      this.#low = 0x90; // no overlong form
    else if (byte === 0xf4) this.#high = 0x8f; // nothing above U+10FFFF
  }
}

/** Where the last character that may be cut off at `end` begins, or `end`. */
function lastBoundary(bytes: Uint8Array, start: number, end: number): number {
  for (let at = end - 1; at >= start && at >= end - 3; at--) {
    const byte = bytes[at] as number;
    if (byte < 0x80) return end;
    if (byte >= 0xc0) return at + (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > end ? at : end;
  }
  return end;
}
