import type { OperatorFunction } from 'rxjs';
import type { WebSocketFrame } from './frame.js';
import { inTurn } from './in-turn.js';
import { MessageInflater } from './message-inflater.js';
import { isControlOpcode } from './opcode.js';
import type { DeflateParameters } from './permessage-deflate.js';

export interface InflateMessagesConfig {
  /** The longest message, decompressed; default 16 MiB. Bytes. */
  readonly maxMessageSize?: number;
}

const MAX_MESSAGE_SIZE = 16_777_216;

/**
 * Decompresses messages (permessage-deflate): frames in, frames out, those of compressed messages with their payload as it
 * was and RSV1 cleared; control frames and other messages pass. Order is kept.
 *
 * ```text
 * frames  --C--t--p------|     C: compressed
 * frames  ----c(tp)------|     zlib takes its time
 * ```
 *
 * What comes out is counted as it comes out and stopped at the limit. A frame is held until what it became was consumed.
 * At most eight messages of the process are at zlib at a time.
 *
 * Errors: `ProtocolError` of scope `connection`, its `wireCode` the close code: `BAD_COMPRESSED_MESSAGE`,
 * `MESSAGE_TOO_LARGE` with `limit`.
 *
 * RFC 7692 §7.2.2.
 *
 * @param parameters what the handshake agreed on
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { acceptDeflate, inflateMessages, webSocketFrame } from 'rxweir/operators';
 * const agreed = acceptDeflate([{ name: 'permessage-deflate', params: [] }], {})!;
 * of(webSocketFrame(1, Buffer.from('f248cdc9c90700', 'hex'), true, true))
 *   .pipe(inflateMessages(agreed.parameters))
 *   .subscribe(({ payload }) => console.log(Buffer.from(payload).toString())); // 'Hello'
 * ```
 * @see deflateMessages
 */
export function inflateMessages(
  parameters: DeflateParameters,
  { maxMessageSize = MAX_MESSAGE_SIZE }: InflateMessagesConfig = {},
): OperatorFunction<WebSocketFrame, WebSocketFrame> {
  return inTurn<WebSocketFrame, WebSocketFrame>((subscriber) => {
    let chunks: Uint8Array[] = [];
    let compressed = false;
    let finish: () => void = () => undefined;
    const inflater = new MessageInflater(parameters, maxMessageSize, {
      output: (chunk) => void chunks.push(chunk),
      done: () => finish(),
      failed: (error) => subscriber.error(error),
    });
    return {
      take(frame, done) {
        if (isControlOpcode(frame.opcode)) return done(frame);
        if (frame.opcode !== 0) compressed = frame.rsv1;
        if (!compressed) return done(frame);
        finish = () => {
          const payload = chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
          chunks = [];
          done({ opcode: frame.opcode, fin: frame.fin, rsv1: false, payload });
        };
        inflater.run(frame.payload, frame.fin);
      },
      close: () => inflater.close(),
    };
  });
}
