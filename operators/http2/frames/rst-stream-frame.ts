/** RST_STREAM (RFC 9113 §6.4). */
import { readUint32, writeUint32 } from '../frame-header.js';
import { FrameType } from '../frame-type.js';
import { needLength, needStream, needStreamId, needWhole } from './payload-rules.js';

export interface RstStreamFrame {
  readonly type: typeof FrameType.RST_STREAM;
  readonly flags: number;
  readonly streamId: number;
  /** As sent: one that is not registered keeps its number. */
  readonly errorCode: number;
}

export const RST_STREAM_LENGTH = 4;

/** A RST_STREAM frame. @throws UsageError `INVALID_FRAME` */
export function rstStreamFrame(streamId: number, errorCode: number): RstStreamFrame {
  needStreamId(streamId);
  needWhole('errorCode', errorCode, 0, 2 ** 32 - 1);
  return { type: FrameType.RST_STREAM, flags: 0, streamId, errorCode };
}

/** @throws ProtocolError connection `PROTOCOL_ERROR` on stream 0, `FRAME_SIZE_ERROR` */
export function parseRstStream(
  flags: number,
  streamId: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): RstStreamFrame {
  needStream(FrameType.RST_STREAM, streamId);
  needLength(FrameType.RST_STREAM, end - start, RST_STREAM_LENGTH);
  return { type: FrameType.RST_STREAM, flags, streamId, errorCode: readUint32(bytes, start) };
}

export function writeRstStreamPayload(frame: RstStreamFrame, target: Uint8Array, at: number): number {
  return writeUint32(target, at, frame.errorCode);
}
