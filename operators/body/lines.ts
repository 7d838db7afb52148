import type { OperatorFunction } from 'rxjs';
import { deliver, hold, type Release } from '../core/deliver.js';
import { operate } from '../core/operate.js';
import { ProtocolError } from '../core/protocol-error.js';
import { bodyOf, type BodyInput } from './body-of.js';
import { charsetOf, decoderFor, type Decoder } from './charset.js';

export interface LinesConfig {
  /** The longest line, in bytes without its end; default 1 MiB. */
  readonly maxLength?: number;
  /** A WHATWG encoding label in which LF is one byte; default: the charset of the message's content type, else UTF-8. */
  readonly charset?: string;
}

const LF = 10;
const CR = 13;

/**
 * Emits the lines of a body as strings without their ends (LF or CR LF), over bytes or over messages. What follows the last
 * end is a line too, unless it is empty.
 *
 * ```text
 * source  a----b----|     a = 'x\ny', b = 'z\r\n'
 * lines   x----(yz)-|
 * ```
 *
 * Lines are emitted within the delivery of the chunk that ends them: a line that is held holds that chunk.
 *
 * Fails with `ProtocolError`: `LINE_TOO_LONG` past `maxLength`, as soon as it is certain; `UNSUPPORTED_CHARSET`.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { lines } from 'rxweir/operators';
 * of(new TextEncoder().encode('a\nb\n')).pipe(lines()).subscribe((line) => line.length);
 * ```
 * @see text
 */
export function lines(config: LinesConfig = {}): OperatorFunction<BodyInput, string> {
  return bodyOf((body, fields) =>
    body.pipe(splitLines(lineDecoder(config.charset ?? charsetOf(fields) ?? 'utf-8'), config.maxLength ?? 1024 * 1024)),
  );
}

function lineDecoder(charset: string): Decoder {
  const decoder = decoderFor(charset, { ignoreBOM: true }); // or it would eat a mark at the start of each line
  if (decoder.encoding.startsWith('utf-16')) {
    throw new ProtocolError('UNSUPPORTED_CHARSET', 'lines of UTF-16 cannot be split by bytes', { scope: 'message' });
  }
  return decoder;
}

function splitLines(decoder: Decoder, maxLength: number): OperatorFunction<Uint8Array, string> {
  return operate((subscriber) => {
    const partial = new PartialLine();
    const reentered: { chunk: Uint8Array; release: Release }[] = [];
    let splitting = false;
    let first = true;
    let sourceDone = false;

    const emit = (line: Uint8Array): void => {
      const end = line[line.length - 1] === CR ? line.length - 1 : line.length;
      if (end > maxLength) throw tooLong(maxLength);
      const text = decoder.decode(line.subarray(0, end));
      const marked = first && text.charCodeAt(0) === 0xfeff;
      first = false;
      subscriber.next(marked ? text.slice(1) : text);
    };
    const split = (chunk: Uint8Array): void => {
      let start = 0;
      while (!subscriber.closed) {
        const end = chunk.indexOf(LF, start);
        const part = chunk.subarray(start, end < 0 ? chunk.length : end);
        if (end < 0) {
          // One more than the limit is let through: it may turn out to be the CR of the line's end.
          if (partial.length + part.length > maxLength + 1) throw tooLong(maxLength);
          partial.append(part);
          return;
        }
        start = end + 1;
        emit(partial.length === 0 ? part : partial.finish(part));
      }
    };
    const complete = (): void => {
      const rest = partial.finish();
      if (rest.length > 0) emit(rest);
      subscriber.complete();
    };

    return {
      // A consumer may make the source emit while it is given a line: that chunk waits for its turn.
      next(chunk) {
        if (splitting) {
          reentered.push({ chunk, release: hold() });
          return;
        }
        splitting = true;
        split(chunk);
        for (let next = reentered.shift(); next; next = reentered.shift()) {
          deliver({ next: split }, next.chunk, next.release);
        }
        splitting = false;
        if (sourceDone && !subscriber.closed) complete();
      },
      complete() {
        sourceDone = true;
        if (!splitting) complete();
      },
      finalize() {
        for (const { release } of reentered.splice(0)) release();
      },
    };
  });
}

function tooLong(maxLength: number): ProtocolError {
  return new ProtocolError('LINE_TOO_LONG', `a line is longer than maxLength (${maxLength} bytes)`, {
    scope: 'message',
    limit: 'maxLength',
  });
}

/** The start of a line whose end has not come: copied, so that the chunk it came in can go. */
class PartialLine {
  #buffer = new Uint8Array(0);
  length = 0;

  append(part: Uint8Array): void {
    const needed = this.length + part.length;
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.length, 64));
      grown.set(this.#buffer.subarray(0, this.length));
      this.#buffer = grown;
    }
    this.#buffer.set(part, this.length);
    this.length = needed;
  }

  /** The line with its last part; starts over. */
  finish(part?: Uint8Array): Uint8Array {
    if (part) this.append(part);
    const line = this.#buffer.subarray(0, this.length);
    this.length = 0;
    return line;
  }
}
