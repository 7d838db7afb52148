import type { OperatorFunction } from 'rxjs';
import type { WebSocketFrame } from './frame.js';
import { inTurn } from './in-turn.js';
import { MessageDeflater } from './message-deflater.js';
import { isControlOpcode } from './opcode.js';
import type { DeflateParameters } from './permessage-deflate.js';

/**
 * Compresses messages (permessage-deflate): frames in, frames out, those of messages with their payload compressed and RSV1
 * set; control frames and messages of one frame below the threshold pass. Order is kept.
 *
 * ```text
 * frames  --m--p--t------|     t: below the threshold
 * frames  ----M(pt)------|     zlib takes its time
 * ```
 *
 * A frame is held until what it became was consumed. At most eight messages of the process are at zlib at a time.
 *
 * RFC 7692 §7.2.1.
 *
 * @param parameters what the handshake agreed on
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { acceptDeflate, deflateMessages, webSocketFrame } from 'rxweir/operators';
 * const agreed = acceptDeflate([{ name: 'permessage-deflate', params: [] }], { threshold: 0 })!;
 * of(webSocketFrame(1, 'Hello'))
 *   .pipe(deflateMessages(agreed.parameters))
 *   .subscribe(({ rsv1, payload }) => console.log(rsv1, Buffer.from(payload).toString('hex'))); // true 'f248cdc9c90700'
 * ```
 * @see inflateMessages
 */
export function deflateMessages(parameters: DeflateParameters): OperatorFunction<WebSocketFrame, WebSocketFrame> {
  return inTurn<WebSocketFrame, WebSocketFrame>((subscriber) => {
    const deflater = new MessageDeflater(parameters, (error) => subscriber.error(error));
    let compressed = false;
    return {
      take(frame, done) {
        const { opcode, fin, payload } = frame;
        if (isControlOpcode(opcode)) return done(frame);
        if (opcode !== 0) compressed = !fin || payload.length >= parameters.threshold;
        if (!compressed) return done(frame);
        deflater.run(payload, fin, (packed) => done({ opcode, fin, rsv1: opcode !== 0, payload: packed }));
      },
      close: () => deflater.close(),
    };
  });
}
