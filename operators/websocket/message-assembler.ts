import { expectLarge, largeBuffer } from '../core/large-buffer.js';
import { decodeValidText } from './decode-text.js';
import { maskInto } from './mask.js';
import type { WebSocketMessage } from './message.js';
import { Utf8Validator } from './utf8-validator.js';
import { utf8Error } from './websocket-error.js';

/** The most that is set aside for a message before its bytes are there. */
const FIRST = 16_777_216;
const LEAST = 1024;

/**
 * Puts a message that came in pieces together, in one buffer: however many pieces there are, they weigh their bytes. Text
 * is checked piece by piece, and refused at the first byte that is wrong.
 */
export class MessageAssembler {
  readonly #validator = new Utf8Validator();
  #text = false;
  #buffer: Uint8Array | undefined = undefined;
  #length = 0;

  /** Bytes of the message so far. */
  get length(): number {
    return this.#length;
  }

  /** A message begins. */
  begin(text: boolean): void {
    this.#text = text;
    this.#length = 0;
    this.#buffer = undefined;
    this.#validator.reset();
  }

  /**
   * Adds bytes `start` to `end`, copied.
   *
   * @param expected bytes of the message that are known to follow, these included; 0 where more may come behind them
   * @param mask what they are unmasked with on the way, 0 where they are not masked
   * @param spare nobody else needs what is in `bytes`: where the message fits, it is put together there
   * @throws ProtocolError `INVALID_UTF8`
   */
  add(bytes: Uint8Array, start: number, end: number, expected: number, mask = 0, spare = false): void {
    const length = this.#length + end - start;
    let buffer = this.#buffer;
    if (spare && this.#length === 0 && expected <= bytes.length && bytes.buffer.byteLength <= 2 * expected) {
      expectLarge();
      this.#buffer = buffer = bytes;
    } else if (buffer === undefined || buffer.length < length) {
      const room =
        expected > 0 ? this.#length + Math.min(expected, Math.max(FIRST, length)) : Math.max(length * 2, LEAST);
      const grown = largeBuffer(Math.max(room, length));
      if (buffer !== undefined) grown.set(buffer.subarray(0, this.#length));
      this.#buffer = buffer = grown;
    }
    if (mask === 0) buffer.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.#length);
    else maskInto(bytes, start, end, buffer, this.#length, mask);
    if (this.#text && !this.#validator.push(buffer, this.#length, length)) throw utf8Error('a text message');
    this.#length = length;
  }

  /** The message is all there. @throws ProtocolError `INVALID_UTF8` where its last character is cut off */
  end(): WebSocketMessage {
    if (this.#text && !this.#validator.complete) throw utf8Error('a text message');
    const bytes = this.takeBytes();
    return this.#text ? decodeValidText(bytes, 0, bytes.length) : bytes;
  }

  /** Takes out what is there, without asking whether it ends anywhere. */
  takeBytes(): Uint8Array {
    const buffer = this.#buffer;
    const length = this.#length;
    this.#buffer = undefined;
    this.#length = 0;
    if (buffer === undefined) return new Uint8Array(0);
    // What is kept must not keep more than twice itself alive.
    return length * 2 < buffer.length ? Uint8Array.from(buffer.subarray(0, length)) : buffer.subarray(0, length);
  }
}
