/** Frames of a type that is not known, ALTSVC and ORIGIN among them: passed on whole, to be ignored (RFC 9113 §5.5). */
import { MAX_STREAM_ID } from '../frame-header.js';
import { FrameType, frameTypeName } from '../frame-type.js';
import { UsageError } from '../../core/protocol-error.js';
import { needWhole } from './payload-rules.js';

export interface UnknownFrame {
  /** What the room's name says; the type on the wire is `frameType`. */
  readonly type: typeof UNKNOWN;
  readonly flags: number;
  readonly streamId: number;
  readonly frameType: number;
  /** A view of the bytes that were read. */
  readonly payload: Uint8Array;
}

/** The `type` of an {@link UnknownFrame}; no type on the wire. */
export const UNKNOWN = 256;

/** Whether a type is read as unknown. */
function isUnknownType(type: number): boolean {
  return type > FrameType.CONTINUATION && type !== FrameType.PRIORITY_UPDATE;
}

/** A frame of a type that has no room of its own. @throws UsageError `INVALID_FRAME` */
export function unknownFrame(frameType: number, streamId: number, payload: Uint8Array, flags = 0): UnknownFrame {
  needWhole('frameType', frameType, 0, 255);
  if (!isUnknownType(frameType)) {
    throw new UsageError('INVALID_FRAME', `${frameTypeName(frameType)} frames have a room of their own`);
  }
  return rawFrame(frameType, streamId, payload, flags);
}

/**
 * A frame of any type with any payload, right or wrong: to see what a peer makes of it.
 *
 * @throws UsageError `INVALID_FRAME` for numbers that no header has room for
 */
export function rawFrame(frameType: number, streamId: number, payload: Uint8Array, flags = 0): UnknownFrame {
  needWhole('frameType', frameType, 0, 255);
  needWhole('streamId', streamId, 0, MAX_STREAM_ID);
  needWhole('flags', flags, 0, 255);
  return { type: UNKNOWN, flags, streamId, frameType, payload };
}

export function parseUnknown(
  frameType: number,
  flags: number,
  streamId: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): UnknownFrame {
  return { type: UNKNOWN, flags, streamId, frameType, payload: bytes.subarray(start, end) };
}
