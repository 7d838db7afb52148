/** PRIORITY (RFC 9113 §6.3) and the five bytes it shares with HEADERS. Deprecated, but still read and written. */
import { type ProtocolError, UsageError } from '../../core/protocol-error.js';
import { readUint31, writeUint32 } from '../frame-header.js';
import { FrameType } from '../frame-type.js';
import { streamError } from '../http2-error.js';
import { needStream, needStreamId, needWhole } from './payload-rules.js';

/** A place in the dependency tree of RFC 7540 §5.3. */
export interface Dependency {
  readonly exclusive: boolean;
  /** The stream this one depends on; 0 is the root. */
  readonly dependency: number;
  /** 1 to 256. */
  readonly weight: number;
}

export interface PriorityFrame extends Dependency {
  readonly type: typeof FrameType.PRIORITY;
  readonly flags: number;
  readonly streamId: number;
}

/** Bytes of a dependency. */
export const DEPENDENCY_LENGTH = 5;
/** The place of a stream that was given none. */
export const DEFAULT_DEPENDENCY: Dependency = Object.freeze({ exclusive: false, dependency: 0, weight: 16 });

/** A PRIORITY frame. @throws UsageError `INVALID_FRAME` */
export function priorityFrame(streamId: number, place: Partial<Dependency> = {}): PriorityFrame {
  needStreamId(streamId);
  const { exclusive, dependency, weight } = checkedDependency(streamId, place);
  return { type: FrameType.PRIORITY, flags: 0, streamId, exclusive, dependency, weight };
}

/**
 * @throws ProtocolError connection `PROTOCOL_ERROR` on stream 0; stream `FRAME_SIZE_ERROR` for a wrong length; stream
 *   `PROTOCOL_ERROR` for a stream that depends on itself.
 */
export function parsePriority(
  flags: number,
  streamId: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): PriorityFrame {
  needStream(FrameType.PRIORITY, streamId);
  if (end - start !== DEPENDENCY_LENGTH) {
    throw streamError('FRAME_SIZE_ERROR', `PRIORITY of ${end - start} bytes instead of ${DEPENDENCY_LENGTH}`);
  }
  const exclusive = readExclusive(bytes, start);
  const dependency = readUint31(bytes, start);
  if (dependency === streamId) throw selfDependency(streamId);
  return { type: FrameType.PRIORITY, flags, streamId, exclusive, dependency, weight: readWeight(bytes, start) };
}

export function writePriorityPayload(frame: Dependency, target: Uint8Array, at: number): number {
  at = writeUint32(target, at, frame.exclusive ? frame.dependency | 0x8000_0000 : frame.dependency);
  target[at] = frame.weight - 1;
  return at + 1;
}

export function readExclusive(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at] as number) & 0x80) !== 0;
}

export function readWeight(bytes: Uint8Array, at: number): number {
  return (bytes[at + 4] as number) + 1;
}

/**
 * The error for a stream that depends on itself. For a HEADERS frame it is due once its block has been decoded: the
 * compression state is the connection's.
 */
export function selfDependency(streamId: number): ProtocolError {
  return streamError('PROTOCOL_ERROR', `stream ${streamId} depends on itself`);
}

/** For a place that is to be written. @throws UsageError `INVALID_FRAME` */
export function checkedDependency(streamId: number, place: Partial<Dependency>): Dependency {
  const { exclusive, dependency, weight } = { ...DEFAULT_DEPENDENCY, ...place };
  if (dependency !== 0) needStreamId(dependency, 'dependency');
  needWhole('weight', weight, 1, 256);
  if (dependency === streamId) throw new UsageError('INVALID_FRAME', `stream ${streamId} cannot depend on itself`);
  return { exclusive, dependency, weight };
}
