/** PING (RFC 9113 §6.7). */
import { UsageError } from '../../core/protocol-error.js';
import { FrameFlag, FrameType } from '../frame-type.js';
import { needConnection, needLength } from './payload-rules.js';

export interface PingFrame {
  readonly type: typeof FrameType.PING;
  /** ACK. */
  readonly flags: number;
  readonly streamId: 0;
  /** Eight bytes: a view of what was read. */
  readonly opaque: Uint8Array;
}

export const PING_LENGTH = 8;

/** A PING frame, or the acknowledgement of one, which repeats its bytes. @throws UsageError `INVALID_FRAME` */
export function pingFrame(opaque: Uint8Array, ack = false): PingFrame {
  if (opaque.length !== PING_LENGTH) throw new UsageError('INVALID_FRAME', `PING carries ${PING_LENGTH} bytes`);
  return { type: FrameType.PING, flags: ack ? FrameFlag.ACK : 0, streamId: 0, opaque };
}

/** @throws ProtocolError connection `PROTOCOL_ERROR` on a stream, `FRAME_SIZE_ERROR` */
export function parsePing(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): PingFrame {
  needConnection(FrameType.PING, streamId);
  needLength(FrameType.PING, end - start, PING_LENGTH);
  return { type: FrameType.PING, flags, streamId: 0, opaque: bytes.subarray(start, end) };
}

export function writePingPayload(frame: PingFrame, target: Uint8Array, at: number): number {
  target.set(frame.opaque, at);
  return at + PING_LENGTH;
}
