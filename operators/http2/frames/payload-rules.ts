/** What the frame rooms share: rules about stream identifiers and lengths, and padding. RFC 9113 §4.2, §6. */
import { UsageError } from '../../core/protocol-error.js';
import { FrameFlag, frameTypeName } from '../frame-type.js';
import { MAX_STREAM_ID } from '../frame-header.js';
import { connectionError } from '../http2-error.js';

/** @throws ProtocolError connection `PROTOCOL_ERROR` for a frame on stream 0 that belongs to a stream. */
export function needStream(type: number, streamId: number): void {
  if (streamId === 0) throw connectionError('PROTOCOL_ERROR', `${frameTypeName(type)} on stream 0`);
}

/** @throws ProtocolError connection `PROTOCOL_ERROR` for a frame on a stream that belongs to the connection. */
export function needConnection(type: number, streamId: number): void {
  if (streamId !== 0) throw connectionError('PROTOCOL_ERROR', `${frameTypeName(type)} on stream ${streamId}`);
}

/** @throws ProtocolError connection `FRAME_SIZE_ERROR` unless the payload is `length` bytes long. */
export function needLength(type: number, actual: number, length: number): void {
  if (actual !== length) {
    throw connectionError('FRAME_SIZE_ERROR', `${frameTypeName(type)} of ${actual} bytes instead of ${length}`);
  }
}

/** @throws ProtocolError connection `FRAME_SIZE_ERROR` for a payload too short for what its flags announce. */
export function needAtLeast(type: number, actual: number, least: number): void {
  if (actual < least) {
    throw connectionError('FRAME_SIZE_ERROR', `${frameTypeName(type)} of ${actual} bytes, not even ${least}`);
  }
}

/**
 * The pad length of a payload, checked; 0 without the PADDED flag. `least` counts the mandatory bytes besides it.
 *
 * Padding bytes are not looked at: a peer may put there what it likes (RFC 9113 §6.1 lets a reader refuse them).
 *
 * @throws ProtocolError connection `FRAME_SIZE_ERROR` or, for more padding than there is room, `PROTOCOL_ERROR`.
 */
export function readPadLength(
  type: number,
  flags: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  least: number,
): number {
  const padded = (flags & FrameFlag.PADDED) !== 0;
  const room = end - start - least - (padded ? 1 : 0);
  if (room < 0) needAtLeast(type, end - start, least + (padded ? 1 : 0));
  if (!padded) return 0;
  const padLength = bytes[start] as number;
  if (padLength > room) {
    throw connectionError('PROTOCOL_ERROR', `${padLength} bytes of padding where there is room for ${room}`);
  }
  return padLength;
}

/** Bytes that padding adds to a payload: the length byte and the padding itself. */
export function paddingLength(flags: number, padLength: number): number {
  return (flags & FrameFlag.PADDED) === 0 ? 0 : 1 + padLength;
}

/** The flags with PADDED as the pad length says. @throws UsageError `INVALID_FRAME` unless that is 0 to 255. */
export function paddedFlags(flags: number, padLength: number | undefined): number {
  if (padLength === undefined) return flags;
  needWhole('padLength', padLength, 0, 255);
  return flags | FrameFlag.PADDED;
}

/** For what a caller wants written. @throws UsageError `INVALID_FRAME` */
export function needWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new UsageError('INVALID_FRAME', `${name} must be a whole number from ${least} to ${most}, not ${value}`);
  }
}

/** For what a caller wants written on a stream. @throws UsageError `INVALID_FRAME` */
export function needStreamId(streamId: number, name = 'streamId'): void {
  needWhole(name, streamId, 1, MAX_STREAM_ID);
}
