/** CONTINUATION (RFC 9113 §6.10): more of the header block of the frame before it. */
import { FrameFlag, FrameType } from '../frame-type.js';
import { needStream, needStreamId } from './payload-rules.js';

export interface ContinuationFrame {
  readonly type: typeof FrameType.CONTINUATION;
  /** END_HEADERS. */
  readonly flags: number;
  readonly streamId: number;
  /** A view of the bytes that were read. */
  readonly fragment: Uint8Array;
}

/** A CONTINUATION frame. @throws UsageError `INVALID_FRAME` */
export function continuationFrame(streamId: number, fragment: Uint8Array, endHeaders = true): ContinuationFrame {
  needStreamId(streamId);
  return { type: FrameType.CONTINUATION, flags: endHeaders ? FrameFlag.END_HEADERS : 0, streamId, fragment };
}

/** @throws ProtocolError connection `PROTOCOL_ERROR` on stream 0 */
export function parseContinuation(
  flags: number,
  streamId: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): ContinuationFrame {
  needStream(FrameType.CONTINUATION, streamId);
  return { type: FrameType.CONTINUATION, flags, streamId, fragment: bytes.subarray(start, end) };
}

export function writeContinuationPayload(frame: ContinuationFrame, target: Uint8Array, at: number): number {
  target.set(frame.fragment, at);
  return at + frame.fragment.length;
}
