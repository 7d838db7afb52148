/** DATA (RFC 9113 §6.1). Its whole payload, padding included, is subject to flow control. */
import { FRAME_HEADER_LENGTH, writeFrameHeader } from '../frame-header.js';
import { FrameFlag, FrameType } from '../frame-type.js';
import { needStream, needStreamId, paddedFlags, paddingLength, readPadLength } from './payload-rules.js';

export interface DataFrame {
  readonly type: typeof FrameType.DATA;
  /** END_STREAM, PADDED. */
  readonly flags: number;
  readonly streamId: number;
  /** A view of the bytes that were read. */
  readonly data: Uint8Array;
  /** Bytes of padding, without the byte that says so. */
  readonly padLength: number;
}

export interface DataFrameOptions {
  readonly endStream?: boolean;
  /** 0 to 255 bytes of padding; one more byte says how many. */
  readonly padLength?: number;
}

/** A DATA frame. @throws UsageError `INVALID_FRAME` */
export function dataFrame(streamId: number, data: Uint8Array, options: DataFrameOptions = {}): DataFrame {
  needStreamId(streamId);
  const { endStream = false, padLength } = options;
  const flags = paddedFlags(endStream ? FrameFlag.END_STREAM : 0, padLength);
  return { type: FrameType.DATA, flags, streamId, data, padLength: padLength ?? 0 };
}

/** @throws ProtocolError connection `PROTOCOL_ERROR` (stream 0, too much padding), `FRAME_SIZE_ERROR` */
export function parseData(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): DataFrame {
  needStream(FrameType.DATA, streamId);
  const padLength = readPadLength(FrameType.DATA, flags, bytes, start, end, 0);
  const from = (flags & FrameFlag.PADDED) === 0 ? start : start + 1;
  return { type: FrameType.DATA, flags, streamId, data: bytes.subarray(from, end - padLength), padLength };
}

/** Bytes of the payload, which is what flow control counts. */
export function dataPayloadLength(frame: DataFrame): number {
  return frame.data.length + paddingLength(frame.flags, frame.padLength);
}

export function writeDataPayload(frame: DataFrame, target: Uint8Array, at: number): number {
  if ((frame.flags & FrameFlag.PADDED) !== 0) target[at++] = frame.padLength;
  target.set(frame.data, at);
  at += frame.data.length;
  target.fill(0, at, at + frame.padLength);
  return at + frame.padLength;
}

/**
 * What stands before the data: the frame header and, if padded, the pad length. Write it, then `frame.data` as it is, then
 * `padLength` zero bytes: nothing of the data is copied.
 */
export function dataFrameHead(frame: DataFrame): Uint8Array {
  const padded = (frame.flags & FrameFlag.PADDED) !== 0;
  const head = new Uint8Array(padded ? FRAME_HEADER_LENGTH + 1 : FRAME_HEADER_LENGTH);
  writeFrameHeader(head, 0, dataPayloadLength(frame), frame.type, frame.flags, frame.streamId);
  if (padded) head[FRAME_HEADER_LENGTH] = frame.padLength;
  return head;
}
