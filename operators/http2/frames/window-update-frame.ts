/** WINDOW_UPDATE (RFC 9113 §6.9). */
import { readUint31, writeUint32 } from '../frame-header.js';
import { FrameType } from '../frame-type.js';
import { connectionError, streamError } from '../http2-error.js';
import { needLength, needWhole } from './payload-rules.js';

export interface WindowUpdateFrame {
  readonly type: typeof FrameType.WINDOW_UPDATE;
  readonly flags: number;
  /** 0 for the window of the connection. */
  readonly streamId: number;
  /** 1 to 2^31 - 1 bytes of credit. */
  readonly increment: number;
}

export const WINDOW_UPDATE_LENGTH = 4;

/** A WINDOW_UPDATE frame. @throws UsageError `INVALID_FRAME` */
export function windowUpdateFrame(streamId: number, increment: number): WindowUpdateFrame {
  needWhole('streamId', streamId, 0, 2 ** 31 - 1);
  needWhole('increment', increment, 1, 2 ** 31 - 1);
  return { type: FrameType.WINDOW_UPDATE, flags: 0, streamId, increment };
}

/**
 * @throws ProtocolError connection `FRAME_SIZE_ERROR`; for an increment of 0 `PROTOCOL_ERROR`, of the stream if there is
 *   one and of the connection otherwise
 */
export function parseWindowUpdate(
  flags: number,
  streamId: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): WindowUpdateFrame {
  needLength(FrameType.WINDOW_UPDATE, end - start, WINDOW_UPDATE_LENGTH);
  const increment = readUint31(bytes, start);
  if (increment === 0) {
    throw (streamId === 0 ? connectionError : streamError)('PROTOCOL_ERROR', `WINDOW_UPDATE by 0 on ${streamId}`);
  }
  return { type: FrameType.WINDOW_UPDATE, flags, streamId, increment };
}

export function writeWindowUpdatePayload(frame: WindowUpdateFrame, target: Uint8Array, at: number): number {
  return writeUint32(target, at, frame.increment);
}
