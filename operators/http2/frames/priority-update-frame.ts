/** PRIORITY_UPDATE (RFC 9218 §7.1): a new priority field value for a stream, from the client. */
import { UsageError } from '../../core/protocol-error.js';
import { readUint31, writeUint32 } from '../frame-header.js';
import { FrameType } from '../frame-type.js';
import { connectionError } from '../http2-error.js';
import { needAtLeast, needConnection, needStreamId } from './payload-rules.js';

export interface PriorityUpdateFrame {
  readonly type: typeof FrameType.PRIORITY_UPDATE;
  readonly flags: number;
  readonly streamId: 0;
  readonly prioritizedId: number;
  /** A `priority` field value, one code unit per byte. */
  readonly value: string;
}

const PRIORITIZED_ID_LENGTH = 4;

/** A PRIORITY_UPDATE frame. @throws UsageError `INVALID_FRAME` */
export function priorityUpdateFrame(prioritizedId: number, value: string): PriorityUpdateFrame {
  needStreamId(prioritizedId, 'prioritizedId');
  for (let i = 0; i < value.length; i++) {
    if (value.charCodeAt(i) > 0x7e || value.charCodeAt(i) < 0x20) {
      throw new UsageError('INVALID_FRAME', 'a priority field value is visible ASCII and spaces');
    }
  }
  return { type: FrameType.PRIORITY_UPDATE, flags: 0, streamId: 0, prioritizedId, value };
}

/** @throws ProtocolError connection `PROTOCOL_ERROR` on a stream or about stream 0, `FRAME_SIZE_ERROR` */
export function parsePriorityUpdate(
  flags: number,
  streamId: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): PriorityUpdateFrame {
  needConnection(FrameType.PRIORITY_UPDATE, streamId);
  needAtLeast(FrameType.PRIORITY_UPDATE, end - start, PRIORITIZED_ID_LENGTH);
  const prioritizedId = readUint31(bytes, start);
  if (prioritizedId === 0) throw connectionError('PROTOCOL_ERROR', 'PRIORITY_UPDATE about stream 0');
  const value = latin1(bytes, start + PRIORITIZED_ID_LENGTH, end);
  return { type: FrameType.PRIORITY_UPDATE, flags, streamId: 0, prioritizedId, value };
}

export function priorityUpdatePayloadLength(frame: PriorityUpdateFrame): number {
  return PRIORITIZED_ID_LENGTH + frame.value.length;
}

export function writePriorityUpdatePayload(frame: PriorityUpdateFrame, target: Uint8Array, at: number): number {
  at = writeUint32(target, at, frame.prioritizedId);
  for (let i = 0; i < frame.value.length; i++) target[at++] = frame.value.charCodeAt(i);
  return at;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
