/** The 24 bytes a client sends first (RFC 9113 §3.4), recognised as they come. */
import { connectionError } from './http2-error.js';

const TEXT = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** Bytes of the preface. */
const PREFACE_LENGTH = TEXT.length;

/** The client's connection preface, in an array of its own. */
export function clientPreface(): Uint8Array {
  return Uint8Array.from(TEXT, (char) => char.charCodeAt(0));
}

const PREFACE = clientPreface();

/**
 * Recognises the preface over any cuts. The first wrong byte is an error: nothing waits for the rest.
 *
 * @example
 * ```ts
 * import { PrefaceReader } from 'rxweir/operators';
 * const reader = new PrefaceReader();
 * reader.read(Buffer.from('PRI * HTTP/2.0\r\n')); // 16
 * reader.done; // false
 * ```
 */
export class PrefaceReader {
  #matched = 0;

  /** All of it has been seen. */
  get done(): boolean {
    return this.#matched === PREFACE_LENGTH;
  }

  /** Bytes of it that have been seen. */
  get matched(): number {
    return this.#matched;
  }

  /**
   * Reads from `start` as far as the preface goes, and returns the offset behind what it read.
   *
   * @throws ProtocolError connection `PROTOCOL_ERROR`
   */
  read(bytes: Uint8Array, start = 0): number {
    let at = start;
    while (this.#matched < PREFACE_LENGTH && at < bytes.length) {
      if (bytes[at] !== PREFACE[this.#matched]) {
        throw connectionError('PROTOCOL_ERROR', `byte ${this.#matched} of the client preface is wrong`);
      }
      at++;
      this.#matched++;
    }
    return at;
  }
}
