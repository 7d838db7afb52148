/** GOAWAY (RFC 9113 §6.8). */
import { MAX_STREAM_ID, readUint31, readUint32, writeUint32 } from '../frame-header.js';
import { FrameType } from '../frame-type.js';
import { needAtLeast, needConnection, needWhole } from './payload-rules.js';

export interface GoawayFrame {
  readonly type: typeof FrameType.GOAWAY;
  readonly flags: number;
  readonly streamId: 0;
  /** The highest stream of the receiver's that the sender may have acted on. */
  readonly lastStreamId: number;
  /** As sent: one that is not registered keeps its number. */
  readonly errorCode: number;
  /** For people; a view of the bytes that were read. */
  readonly debugData: Uint8Array;
}

const FIXED_LENGTH = 8;
const EMPTY = new Uint8Array(0);

/** A GOAWAY frame. @throws UsageError `INVALID_FRAME` */
export function goawayFrame(lastStreamId: number, errorCode: number, debugData: Uint8Array = EMPTY): GoawayFrame {
  needWhole('lastStreamId', lastStreamId, 0, MAX_STREAM_ID);
  needWhole('errorCode', errorCode, 0, 2 ** 32 - 1);
  return { type: FrameType.GOAWAY, flags: 0, streamId: 0, lastStreamId, errorCode, debugData };
}

/** @throws ProtocolError connection `PROTOCOL_ERROR` on a stream, `FRAME_SIZE_ERROR` */
export function parseGoaway(
  flags: number,
  streamId: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): GoawayFrame {
  needConnection(FrameType.GOAWAY, streamId);
  needAtLeast(FrameType.GOAWAY, end - start, FIXED_LENGTH);
  return {
    type: FrameType.GOAWAY,
    flags,
    streamId: 0,
    lastStreamId: readUint31(bytes, start),
    errorCode: readUint32(bytes, start + 4),
    debugData: bytes.subarray(start + FIXED_LENGTH, end),
  };
}

export function goawayPayloadLength(frame: GoawayFrame): number {
  return FIXED_LENGTH + frame.debugData.length;
}

export function writeGoawayPayload(frame: GoawayFrame, target: Uint8Array, at: number): number {
  at = writeUint32(target, at, frame.lastStreamId);
  at = writeUint32(target, at, frame.errorCode);
  target.set(frame.debugData, at);
  return at + frame.debugData.length;
}
