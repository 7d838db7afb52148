import type { OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import { WebSocketDecoder } from './decoder.js';
import type { WebSocketDecoderOptions } from './decoder-options.js';
import type { WebSocketFrame } from './frame.js';
import { FrameJoiner } from './frame-joiner.js';

/** Without `inPlace`: whoever else sees the bytes sees them unchanged. */
export type DecodeWebSocketFramesConfig = Omit<WebSocketDecoderOptions, 'inPlace'>;

/**
 * Reads WebSocket frames: bytes in, whole frames out, unmasked.
 *
 * ```text
 * bytes   --a------b--c-----|    a: one frame and half of the next
 * frames  --x------y--(zz)--|
 * ```
 *
 * Payloads that are not masked are views of the bytes. Frames are emitted while the bytes are delivered, so a hold on a
 * frame holds the bytes. A Close frame is the last one: what comes behind it is dropped.
 *
 * Errors: `ProtocolError` of scope `connection`, its `wireCode` the close code to answer with: `BAD_FRAME` for reserved
 * bits and opcodes, lengths not in their shortest form, and control frames that are fragmented or too long; `BAD_MASK`;
 * `BAD_FRAGMENT`; `MESSAGE_TOO_LARGE` and `FRAGMENT_LIMIT` with `limit`; `TRUNCATED_FRAME` for input that ends inside a
 * frame or a message.
 *
 * RFC 6455 §5.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { decodeWebSocketFrames } from 'rxweir/operators';
 * of(Uint8Array.of(0x81, 0x02, 0x68, 0x69))
 *   .pipe(decodeWebSocketFrames({ role: 'client' }))
 *   .subscribe(({ opcode, payload }) => console.log(opcode, Buffer.from(payload).toString())); // 1 'hi'
 * ```
 * @see encodeWebSocketFrames
 */
export function decodeWebSocketFrames(
  config: DecodeWebSocketFramesConfig,
): OperatorFunction<Uint8Array, WebSocketFrame> {
  return operate((subscriber) => {
    const decoder = new WebSocketDecoder({ ...config, inPlace: false });
    const joiner = new FrameJoiner();
    let draining = false;
    return {
      next(chunk) {
        decoder.push(chunk);
        if (draining) return; // re-entered from an emission: the loop below goes on
        draining = true;
        try {
          while (!subscriber.closed && decoder.read()) {
            const frame = joiner.next(decoder);
            if (frame !== undefined) subscriber.next(frame);
          }
        } finally {
          draining = false;
        }
      },
      complete() {
        decoder.finish();
        subscriber.complete();
      },
    };
  });
}
