/** WebSocket frames as values, whole: what `decodeWebSocketFrames` emits and `encodeWebSocketFrames` takes. */
import { UsageError } from '../core/protocol-error.js';
import { writeClosePayload } from './close-payload.js';
import { FIN, frameHeaderLength, MAX_CONTROL_PAYLOAD, RSV1, writeFrameHeader } from './frame-header.js';
import { maskInto } from './mask.js';
import { isControlOpcode, isKnownOpcode, WebSocketOpcode } from './opcode.js';

export interface WebSocketFrame {
  /** One of {@link WebSocketOpcode}. */
  readonly opcode: number;
  /** The last frame of its message; always set on control frames. */
  readonly fin: boolean;
  /** The message is compressed: first frames of messages only (RFC 7692 §6). */
  readonly rsv1: boolean;
  /** Not masked. */
  readonly payload: Uint8Array;
}

/**
 * A frame of that opcode; text is put into UTF-8.
 *
 * @throws UsageError `INVALID_FRAME` for an opcode that is reserved, and for a control frame that is fragmented,
 *   compressed or over 125 bytes
 * @example
 * ```ts
 * import { webSocketFrame, WebSocketOpcode } from 'rxweir/operators';
 * webSocketFrame(WebSocketOpcode.TEXT, 'hello');
 * ```
 */
export function webSocketFrame(
  opcode: number,
  payload: string | Uint8Array = '',
  fin = true,
  rsv1 = false,
): WebSocketFrame {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'utf8') : payload;
  if (!Number.isInteger(opcode) || opcode < 0 || opcode > 0xf || !isKnownOpcode(opcode)) {
    throw new UsageError('INVALID_FRAME', `no frame has the opcode ${opcode}`);
  }
  if (isControlOpcode(opcode) && (!fin || rsv1 || bytes.length > MAX_CONTROL_PAYLOAD)) {
    throw new UsageError('INVALID_FRAME', 'a control frame is whole, and of 125 bytes at most');
  }
  if (rsv1 && opcode === WebSocketOpcode.CONTINUATION) {
    throw new UsageError('INVALID_FRAME', 'RSV1 is for the first frame of a message');
  }
  return { opcode, fin, rsv1, payload: bytes };
}

/** A Close frame. @throws UsageError `INVALID_CLOSE_CODE`, `INVALID_CLOSE_REASON` */
export function webSocketCloseFrame(code?: number, reason?: string): WebSocketFrame {
  return { opcode: WebSocketOpcode.CLOSE, fin: true, rsv1: false, payload: writeClosePayload(code, reason) };
}

/** The first byte of the header of a frame. */
export function firstByte(opcode: number, fin: boolean, rsv1: boolean): number {
  return (fin ? FIN : 0) | (rsv1 ? RSV1 : 0) | opcode;
}

/**
 * A frame as bytes of its own.
 *
 * @param mask the masking key, four bytes as a number; undefined for the frames of a server
 */
export function serializeWebSocketFrame(frame: WebSocketFrame, mask?: number): Uint8Array {
  const { payload } = frame;
  const masked = mask !== undefined;
  const header = frameHeaderLength(payload.length, masked);
  const bytes = new Uint8Array(header + payload.length);
  writeFrameHeader(bytes, 0, firstByte(frame.opcode, frame.fin, frame.rsv1), payload.length, masked, mask ?? 0);
  if (masked) maskInto(payload, 0, payload.length, bytes, header, mask);
  else bytes.set(payload, header);
  return bytes;
}
