/** HEADERS (RFC 9113 §6.2). After `assembleHeaderBlocks` its fragment is the whole block and END_HEADERS is set. */
import { readUint31 } from '../frame-header.js';
import { FrameFlag, FrameType } from '../frame-type.js';
import { needStream, needStreamId, paddedFlags, paddingLength, readPadLength } from './payload-rules.js';
import {
  checkedDependency,
  DEFAULT_DEPENDENCY,
  type Dependency,
  DEPENDENCY_LENGTH,
  readExclusive,
  readWeight,
  writePriorityPayload,
} from './priority-frame.js';

export interface HeadersFrame extends Dependency {
  readonly type: typeof FrameType.HEADERS;
  /** END_STREAM, END_HEADERS, PADDED, PRIORITY. */
  readonly flags: number;
  readonly streamId: number;
  /** A view of the bytes that were read. */
  readonly fragment: Uint8Array;
  readonly padLength: number;
}

export interface HeadersFrameOptions {
  readonly endStream?: boolean;
  /** True by default. */
  readonly endHeaders?: boolean;
  /** Written if given (RFC 7540 §5.3). */
  readonly priority?: Partial<Dependency>;
  readonly padLength?: number;
}

/** A HEADERS frame. @throws UsageError `INVALID_FRAME` */
export function headersFrame(streamId: number, fragment: Uint8Array, options: HeadersFrameOptions = {}): HeadersFrame {
  needStreamId(streamId);
  const { endStream = false, endHeaders = true, priority, padLength } = options;
  const bits =
    (endStream ? FrameFlag.END_STREAM : 0) |
    (endHeaders ? FrameFlag.END_HEADERS : 0) |
    (priority ? FrameFlag.PRIORITY : 0);
  const { exclusive, dependency, weight } = priority ? checkedDependency(streamId, priority) : DEFAULT_DEPENDENCY;
  return {
    type: FrameType.HEADERS,
    flags: paddedFlags(bits, padLength),
    streamId,
    exclusive,
    dependency,
    weight,
    fragment,
    padLength: padLength ?? 0,
  };
}

/**
 * A stream that depends on itself passes: its block has to be decoded first, see `selfDependency`.
 *
 * @throws ProtocolError connection `PROTOCOL_ERROR` (stream 0, too much padding), `FRAME_SIZE_ERROR`
 */
export function parseHeaders(
  flags: number,
  streamId: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): HeadersFrame {
  needStream(FrameType.HEADERS, streamId);
  const hasPriority = (flags & FrameFlag.PRIORITY) !== 0;
  const padLength = readPadLength(FrameType.HEADERS, flags, bytes, start, end, hasPriority ? DEPENDENCY_LENGTH : 0);
  const at = (flags & FrameFlag.PADDED) === 0 ? start : start + 1;
  const from = hasPriority ? at + DEPENDENCY_LENGTH : at;
  return {
    type: FrameType.HEADERS,
    flags,
    streamId,
    exclusive: hasPriority && readExclusive(bytes, at),
    dependency: hasPriority ? readUint31(bytes, at) : DEFAULT_DEPENDENCY.dependency,
    weight: hasPriority ? readWeight(bytes, at) : DEFAULT_DEPENDENCY.weight,
    fragment: bytes.subarray(from, end - padLength),
    padLength,
  };
}

export function headersPayloadLength(frame: HeadersFrame): number {
  const priority = (frame.flags & FrameFlag.PRIORITY) === 0 ? 0 : DEPENDENCY_LENGTH;
  return priority + frame.fragment.length + paddingLength(frame.flags, frame.padLength);
}

export function writeHeadersPayload(frame: HeadersFrame, target: Uint8Array, at: number): number {
  if ((frame.flags & FrameFlag.PADDED) !== 0) target[at++] = frame.padLength;
  if ((frame.flags & FrameFlag.PRIORITY) !== 0) at = writePriorityPayload(frame, target, at);
  target.set(frame.fragment, at);
  at += frame.fragment.length;
  target.fill(0, at, at + frame.padLength);
  return at + frame.padLength;
}
