import type { ProtocolError } from '../../../operators/core/protocol-error.js';
import {
  CLOSED,
  DATA,
  END,
  HEAD,
  NEED_DATA,
  RequestDecoder,
  ResponseDecoder,
} from '../../../operators/http1/message-decoder.js';

/** One message as an implementation read it. */
export interface ReadMessage {
  /** Method and target, or status and reason. */
  readonly line: string;
  readonly version: string;
  /** `name: value`, names in lower case, in order. */
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
}

/** What became of the bytes of one connection: the messages read whole, and the error after them, if any. */
export interface Outcome {
  readonly messages: readonly ReadMessage[];
  /** Our error code, or llhttp's. Empty when the bytes were read to a clean end. */
  readonly error: string;
}

/** Reads bytes with our decoder, up to the end of a closed connection or the first error. */
export function ourOutcome(decoder: RequestDecoder | ResponseDecoder, bytes: Uint8Array): Outcome {
  const messages: ReadMessage[] = [];
  let body = '';
  decoder.push(bytes);
  decoder.finish();
  try {
    for (;;) {
      const event = decoder.read();
      if (event === CLOSED || event === NEED_DATA) return { messages, error: '' };
      if (event === HEAD) body = '';
      else if (event === DATA) body += Buffer.from(decoder.chunk).toString('latin1');
      else if (event === END) {
        const { head } = decoder;
        const line = 'method' in head ? `${head.method} ${head.target}` : `${head.status} ${head.reason}`;
        const trailers = decoder.trailers === undefined ? [] : linesOf(decoder.trailers.toLines());
        messages.push({ line, version: head.version, fields: linesOf(head.fields.toLines()), body, trailers });
      }
    }
  } catch (error) {
    return { messages, error: (error as ProtocolError).code };
  }
}

function linesOf(lines: string): string[] {
  return lines.split('\r\n').filter((line) => line !== '');
}

/** Raw headers of Node, name and value in turn, as lines. */
export function nodeLines(raw: readonly string[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i < raw.length; i += 2) lines.push(`${(raw[i] as string).toLowerCase()}: ${raw[i + 1]}`);
  return lines;
}
