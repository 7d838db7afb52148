/** PUSH_PROMISE (RFC 9113 §6.6). After `assembleHeaderBlocks` its fragment is the whole block and END_HEADERS is set. */
import { readUint31, writeUint32 } from '../frame-header.js';
import { FrameFlag, FrameType } from '../frame-type.js';
import { connectionError } from '../http2-error.js';
import { needStream, needStreamId, paddedFlags, paddingLength, readPadLength } from './payload-rules.js';

export interface PushPromiseFrame {
  readonly type: typeof FrameType.PUSH_PROMISE;
  /** END_HEADERS, PADDED. */
  readonly flags: number;
  /** The request the promise belongs to. */
  readonly streamId: number;
  /** The stream its response will come on: even. */
  readonly promisedId: number;
  /** A view of the bytes that were read. */
  readonly fragment: Uint8Array;
  readonly padLength: number;
}

export interface PushPromiseFrameOptions {
  /** True by default. */
  readonly endHeaders?: boolean;
  readonly padLength?: number;
}

const PROMISED_ID_LENGTH = 4;

/** A PUSH_PROMISE frame. @throws UsageError `INVALID_FRAME` */
export function pushPromiseFrame(
  streamId: number,
  promisedId: number,
  fragment: Uint8Array,
  options: PushPromiseFrameOptions = {},
): PushPromiseFrame {
  needStreamId(streamId);
  needStreamId(promisedId, 'promisedId');
  const { endHeaders = true, padLength } = options;
  const flags = paddedFlags(endHeaders ? FrameFlag.END_HEADERS : 0, padLength);
  return { type: FrameType.PUSH_PROMISE, flags, streamId, promisedId, fragment, padLength: padLength ?? 0 };
}

/**
 * @throws ProtocolError connection `PROTOCOL_ERROR` (stream 0, a promised stream that is 0 or odd, too much padding),
 *   `FRAME_SIZE_ERROR`
 */
export function parsePushPromise(
  flags: number,
  streamId: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): PushPromiseFrame {
  needStream(FrameType.PUSH_PROMISE, streamId);
  const padLength = readPadLength(FrameType.PUSH_PROMISE, flags, bytes, start, end, PROMISED_ID_LENGTH);
  const at = (flags & FrameFlag.PADDED) === 0 ? start : start + 1;
  const promisedId = readUint31(bytes, at);
  if (promisedId === 0 || promisedId % 2 !== 0) {
    throw connectionError('PROTOCOL_ERROR', `PUSH_PROMISE of stream ${promisedId}`);
  }
  const fragment = bytes.subarray(at + PROMISED_ID_LENGTH, end - padLength);
  return { type: FrameType.PUSH_PROMISE, flags, streamId, promisedId, fragment, padLength };
}

export function pushPromisePayloadLength(frame: PushPromiseFrame): number {
  return PROMISED_ID_LENGTH + frame.fragment.length + paddingLength(frame.flags, frame.padLength);
}

export function writePushPromisePayload(frame: PushPromiseFrame, target: Uint8Array, at: number): number {
  if ((frame.flags & FrameFlag.PADDED) !== 0) target[at++] = frame.padLength;
  at = writeUint32(target, at, frame.promisedId);
  target.set(frame.fragment, at);
  at += frame.fragment.length;
  target.fill(0, at, at + frame.padLength);
  return at + frame.padLength;
}
