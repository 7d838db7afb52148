/**
 * Reads `text/event-stream` (WHATWG HTML §9.2.6): lines that end in LF, CR or CR LF, fields in them, an empty line for the end
 * of an event. Bytes are pushed in, events are pulled out; a byte-order mark at the very start is dropped.
 *
 * A line is cut at bytes, which UTF-8 allows, and decoded whole, so that no cut of the input shows.
 */
import { ByteQueue } from '../core/byte-queue.js';
import { ProtocolError } from '../core/protocol-error.js';
import { isDigits } from '../http/field-syntax.js';

/** An event as its source sent it. */
export interface ServerSentEvent {
  /** `message` where the event names no other. */
  readonly type: string;
  /** The data lines, joined with LF. */
  readonly data: string;
  /** The last identifier sent, with this event or before; what `Last-Event-ID` says when the stream is resumed. */
  readonly id: string;
  /** The reconnection time last sent, in milliseconds, if there was one. */
  readonly retry: number | undefined;
}

const LF = 10;
const CR = 13;
const COLON = 0x3a;

export class EventStreamReader {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #maxBytes: number;
  readonly #partial = new ByteQueue();
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** The last byte was a CR: an LF now belongs to it. */
  #afterCr = false;
  #firstLine = true;
  // The event being gathered.
  #type = '';
  #data = '';
  #hasData = false;
  #size = 0;
  /** As sent; becomes {@link lastEventId} when the event ends. */
  #id: string;
  /** Of the last event that ended, whether it had data or not. */
  lastEventId: string;
  retry: number | undefined;

  /** @param lastEventId what the stream was resumed with */
  constructor(maxBytes: number, lastEventId = '') {
    this.#maxBytes = maxBytes;
    this.#id = this.lastEventId = lastEventId;
  }

  /** Continues with these bytes: all before must have been read. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** The next event, or undefined when there is none in what was pushed. */
  read(): ServerSentEvent | undefined {
    while (this.#at < this.#chunk.length) {
      if (this.#afterCr) {
        this.#afterCr = false;
        if (this.#chunk[this.#at] === LF) {
          this.#at++;
          continue;
        }
      }
      const end = this.#lineEnd();
      const part = this.#chunk.subarray(this.#at, end);
      this.#size += part.length;
      if (this.#size > this.#maxBytes) throw this.#tooLong();
      if (end === this.#chunk.length) {
        this.#partial.push(part.slice()); // or the chunk would be kept
        this.#at = end;
        break;
      }
      this.#afterCr = this.#chunk[end] === CR;
      this.#at = end + 1;
      const event = this.#line(this.#joined(part));
      if (event !== undefined) return event;
    }
    return undefined;
  }

  #lineEnd(): number {
    const chunk = this.#chunk;
    for (let i = this.#at; i < chunk.length; i++) if (chunk[i] === LF || chunk[i] === CR) return i;
    return chunk.length;
  }

  #joined(part: Uint8Array): Uint8Array {
    if (this.#partial.length === 0) return part;
    this.#partial.push(part);
    return this.#partial.takeAll();
  }

  #line(bytes: Uint8Array): ServerSentEvent | undefined {
    let line = bytes;
    if (this.#firstLine) {
      this.#firstLine = false;
      if (line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) line = line.subarray(3);
    }
    if (line.length === 0) return this.#dispatch();
    const colon = line.indexOf(COLON);
    if (colon === 0) {
      this.#size -= line.length; // a comment is nothing that is kept
      return undefined;
    }
    const nameEnd = colon < 0 ? line.length : colon;
    const valueStart = colon < 0 ? line.length : line[colon + 1] === 0x20 ? colon + 2 : colon + 1;
    this.#field(this.#decoder.decode(line.subarray(0, nameEnd)), line.subarray(valueStart));
    return undefined;
  }

  #field(name: string, bytes: Uint8Array): void {
    if (name === 'data') {
      const value = this.#decoder.decode(bytes);
      this.#data = this.#hasData ? `${this.#data}\n${value}` : value;
      this.#hasData = true;
    } else if (name === 'event') this.#type = this.#decoder.decode(bytes);
    else if (name === 'id') {
      if (!bytes.includes(0)) this.#id = this.#decoder.decode(bytes);
    } else if (name === 'retry') {
      const value = this.#decoder.decode(bytes);
      if (isDigits(value)) this.retry = Math.min(Number(value), Number.MAX_SAFE_INTEGER);
    }
  }

  #dispatch(): ServerSentEvent | undefined {
    this.lastEventId = this.#id;
    const event = this.#hasData
      ? { type: this.#type === '' ? 'message' : this.#type, data: this.#data, id: this.#id, retry: this.retry }
      : undefined;
    this.#type = '';
    this.#data = '';
    this.#hasData = false;
    this.#size = 0;
    return event;
  }

  #tooLong(): ProtocolError {
    const message = `an event is longer than maxEventBytes (${this.#maxBytes})`;
    return new ProtocolError('EVENT_TOO_LONG', message, { scope: 'message', limit: 'maxEventBytes' });
  }
}
