/** Readable WebSocket frames for tests: hex in, transcripts out. */
import { from } from 'rxjs';
import { isProtocolError, isUsageError } from '../../../operators/core/protocol-error.js';
import {
  decodeWebSocketFrames,
  type DecodeWebSocketFramesConfig,
} from '../../../operators/websocket/decode-websocket-frames.js';
import { type WebSocketFrame, serializeWebSocketFrame, webSocketFrame } from '../../../operators/websocket/frame.js';
import { webSocketOpcodeName } from '../../../operators/websocket/opcode.js';

export const MASK = 0x3d21fa37; // 37 fa 21 3d, as in RFC 6455 §5.7

export const hex = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value.replaceAll(' ', ''), 'hex'));
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const utf8 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'utf8'));
export const joined = (parts: Iterable<Uint8Array>): Uint8Array => Uint8Array.from(Buffer.concat([...parts]));

/** Frames as a server sends them. */
export const wire = (...frames: WebSocketFrame[]): Uint8Array =>
  joined(frames.map((frame) => serializeWebSocketFrame(frame)));
/** Frames as a client sends them. */
export const maskedWire = (...frames: WebSocketFrame[]): Uint8Array =>
  joined(frames.map((frame) => serializeWebSocketFrame(frame, MASK)));

export const text = (value: string | Uint8Array, fin = true): WebSocketFrame => webSocketFrame(1, value, fin);
export const binary = (value: string | Uint8Array, fin = true): WebSocketFrame => webSocketFrame(2, value, fin);
export const more = (value: string | Uint8Array, fin = false): WebSocketFrame => webSocketFrame(0, value, fin);
export const ping = (value = ''): WebSocketFrame => webSocketFrame(9, value);
export const pong = (value = ''): WebSocketFrame => webSocketFrame(10, value);

/** What an error is, for comparison: code, wire code, limit. */
export function describeError(error: unknown): string {
  if (isUsageError(error)) return `usage ${error.code}`;
  if (!isProtocolError(error)) throw error;
  return `${error.code} ${error.wireCode}${error.limit === undefined ? '' : ` ${error.limit}`}`;
}

export function thrown(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return describeError(error);
  }
  return 'nothing';
}

/** A frame as a line: name, flags, payload. */
export function describeFrame({ opcode, fin, rsv1, payload }: WebSocketFrame): string {
  const shown = payload.length > 40 ? `${payload.length} bytes` : toHex(payload);
  return `${webSocketOpcodeName(opcode)}${fin ? '' : ' more'}${rsv1 ? ' rsv1' : ''} ${shown}`.trimEnd();
}

/** Reads pieces: a line per frame, the error if there is one, else `complete`. */
export function transcribe(pieces: Iterable<Uint8Array>, config: DecodeWebSocketFramesConfig): string[] {
  const said: string[] = [];
  from(pieces)
    .pipe(decodeWebSocketFrames(config))
    .subscribe({
      next: (frame) => said.push(describeFrame(frame)),
      error: (error) => said.push(describeError(error)),
      complete: () => said.push('complete'),
    });
  return said;
}
