import type { OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import { type WebSocketFrame, firstByte, serializeWebSocketFrame } from './frame.js';
import { frameHeaderLength, writeFrameHeader } from './frame-header.js';

export interface EncodeWebSocketFramesConfig {
  /**
   * For the frames of a client: gives a masking key for each frame, four bytes as a number. It must come from a strong
   * source of randomness (RFC 6455 §10.3). Without it frames are not masked, as a server's are.
   */
  readonly mask?: () => number;
}

/** Up to here a payload is copied behind its header, and leaves with it. Bytes. */
const JOIN_LIMIT = 1024;

/**
 * Writes WebSocket frames: frames in, bytes out.
 *
 * ```text
 * frames  --x------y------|    y: a large frame of a server
 * bytes   --x------(hp)---|    header, then the payload as it is
 * ```
 *
 * Each frame is written while it is delivered, so a hold on the bytes holds the frame.
 *
 * RFC 6455 §5.
 *
 * @example
 * ```ts
 * import { randomInt } from 'node:crypto';
 * import { of } from 'rxjs';
 * import { encodeWebSocketFrames, webSocketFrame, WebSocketOpcode } from 'rxweir/operators';
 * of(webSocketFrame(WebSocketOpcode.TEXT, 'hello'))
 *   .pipe(encodeWebSocketFrames({ mask: () => randomInt(2 ** 32) }))
 *   .subscribe((bytes) => console.log(bytes.length)); // 11
 * ```
 * @see decodeWebSocketFrames
 */
export function encodeWebSocketFrames({ mask }: EncodeWebSocketFramesConfig = {}): OperatorFunction<
  WebSocketFrame,
  Uint8Array
> {
  return operate((subscriber) => ({
    next(frame) {
      const { opcode, fin, rsv1, payload } = frame;
      if (mask !== undefined) subscriber.next(serializeWebSocketFrame(frame, mask()));
      else if (payload.length <= JOIN_LIMIT) subscriber.next(serializeWebSocketFrame(frame));
      else {
        const header = new Uint8Array(frameHeaderLength(payload.length, false));
        writeFrameHeader(header, 0, firstByte(opcode, fin, rsv1), payload.length, false, 0);
        subscriber.next(header);
        if (!subscriber.closed) subscriber.next(payload);
      }
    },
  }));
}
