import type { Observer } from 'rxjs';
import { hold } from '../core/deliver.js';
import { UsageError } from '../core/protocol-error.js';
import { WebSocketOpcode } from './opcode.js';
import { Utf8Validator } from './utf8-validator.js';

/** What a {@link MessageWriter} writes to. */
export interface FragmentSink {
  /** Whether fragments can still be sent. */
  writable(): boolean;
  fragment(payload: Uint8Array, opcode: number, fin: boolean): void;
  /** The message cannot be completed. */
  broken(error: unknown): void;
}

/**
 * One message sent in fragments: each value a frame, sent at once, `complete` the last. For messages that are larger than
 * memory: `next` holds the delivery it is called in until the bytes have left. `error` breaks the connection off, since a
 * message that was begun cannot be taken back.
 *
 * Errors: `UsageError` `INVALID_TEXT`, thrown, for text whose bytes are not UTF-8.
 */
export class MessageWriter implements Observer<string | Uint8Array> {
  readonly #sink: FragmentSink;
  readonly #validator: Utf8Validator | undefined;
  #opcode: number;
  #over = false;

  constructor(sink: FragmentSink, type: 'text' | 'binary') {
    this.#sink = sink;
    this.#opcode = type === 'text' ? WebSocketOpcode.TEXT : WebSocketOpcode.BINARY;
    this.#validator = type === 'text' ? new Utf8Validator() : undefined;
  }

  next(value: string | Uint8Array): void {
    if (this.#over) return;
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
    if (!this.#sink.writable()) {
      hold(); // for good: a source that is pulled must not be drained into nothing
      return;
    }
    if (bytes.length === 0) return;
    if (this.#validator?.push(bytes) === false) throw this.#invalid();
    this.#send(bytes, false);
  }

  complete(): void {
    if (this.#over) return;
    this.#over = true;
    if (!this.#sink.writable()) return;
    if (this.#validator?.complete === false) throw this.#invalid();
    this.#send(new Uint8Array(0), true);
  }

  error(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#sink.broken(error);
  }

  #send(bytes: Uint8Array, fin: boolean): void {
    const opcode = this.#opcode;
    this.#opcode = WebSocketOpcode.CONTINUATION;
    this.#sink.fragment(bytes, opcode, fin);
  }

  #invalid(): UsageError {
    const error = new UsageError('INVALID_TEXT', 'text is sent in UTF-8');
    this.#over = true;
    this.#sink.broken(error);
    return error;
  }
}
