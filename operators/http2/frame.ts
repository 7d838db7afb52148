/** The union of the frame rooms, and the way from a type to its room. */
import { isProtocolError, UsageError } from '../core/protocol-error.js';
import { FRAME_HEADER_LENGTH, MAX_PAYLOAD_LENGTH, writeFrameHeader } from './frame-header.js';
import { FrameType } from './frame-type.js';
import { type ContinuationFrame, parseContinuation, writeContinuationPayload } from './frames/continuation-frame.js';
import { type DataFrame, dataPayloadLength, parseData, writeDataPayload } from './frames/data-frame.js';
import { type GoawayFrame, goawayPayloadLength, parseGoaway, writeGoawayPayload } from './frames/goaway-frame.js';
import { type HeadersFrame, headersPayloadLength, parseHeaders, writeHeadersPayload } from './frames/headers-frame.js';
import { MALFORMED, type MalformedFrame } from './frames/malformed-frame.js';
import { parsePing, PING_LENGTH, type PingFrame, writePingPayload } from './frames/ping-frame.js';
import { DEPENDENCY_LENGTH, parsePriority, type PriorityFrame, writePriorityPayload } from './frames/priority-frame.js';
import {
  parsePriorityUpdate,
  type PriorityUpdateFrame,
  priorityUpdatePayloadLength,
  writePriorityUpdatePayload,
} from './frames/priority-update-frame.js';
import {
  parsePushPromise,
  type PushPromiseFrame,
  pushPromisePayloadLength,
  writePushPromisePayload,
} from './frames/push-promise-frame.js';
import {
  parseRstStream,
  RST_STREAM_LENGTH,
  type RstStreamFrame,
  writeRstStreamPayload,
} from './frames/rst-stream-frame.js';
import {
  parseSettings,
  type SettingsFrame,
  settingsPayloadLength,
  writeSettingsPayload,
} from './frames/settings-frame.js';
import { parseUnknown, UNKNOWN, type UnknownFrame } from './frames/unknown-frame.js';
import {
  parseWindowUpdate,
  WINDOW_UPDATE_LENGTH,
  type WindowUpdateFrame,
  writeWindowUpdatePayload,
} from './frames/window-update-frame.js';

/** A frame that may be written. Tell them apart by `type`: {@link FrameType}, or `UNKNOWN`. */
export type OutboundFrame =
  | DataFrame
  | HeadersFrame
  | PriorityFrame
  | RstStreamFrame
  | SettingsFrame
  | PushPromiseFrame
  | PingFrame
  | GoawayFrame
  | WindowUpdateFrame
  | ContinuationFrame
  | PriorityUpdateFrame
  | UnknownFrame;

/** A frame that was read: one that may be written, or `MALFORMED`. */
export type Frame = OutboundFrame | MalformedFrame;

/**
 * Reads a payload, bytes `start` to `end`, which must be all there. An error of scope `stream` becomes a frame of type
 * `MALFORMED`. @param lenient so does one of scope `connection`
 *
 * @throws ProtocolError of scope `connection`: see the room of each type
 */
export function parseFrame(
  type: number,
  flags: number,
  streamId: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  lenient = false,
): Frame {
  try {
    return parseByType(type, flags, streamId, bytes, start, end);
  } catch (error) {
    if (!isProtocolError(error) || (error.scope !== 'stream' && !lenient)) throw error;
    return { type: MALFORMED, flags, streamId, frameType: type, error };
  }
}

function parseByType(
  type: number,
  flags: number,
  streamId: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): OutboundFrame {
  switch (type) {
    case FrameType.DATA:
      return parseData(flags, streamId, bytes, start, end);
    case FrameType.HEADERS:
      return parseHeaders(flags, streamId, bytes, start, end);
    case FrameType.PRIORITY:
      return parsePriority(flags, streamId, bytes, start, end);
    case FrameType.RST_STREAM:
      return parseRstStream(flags, streamId, bytes, start, end);
    case FrameType.SETTINGS:
      return parseSettings(flags, streamId, bytes, start, end);
    case FrameType.PUSH_PROMISE:
      return parsePushPromise(flags, streamId, bytes, start, end);
    case FrameType.PING:
      return parsePing(flags, streamId, bytes, start, end);
    case FrameType.GOAWAY:
      return parseGoaway(flags, streamId, bytes, start, end);
    case FrameType.WINDOW_UPDATE:
      return parseWindowUpdate(flags, streamId, bytes, start, end);
    case FrameType.CONTINUATION:
      return parseContinuation(flags, streamId, bytes, start, end);
    case FrameType.PRIORITY_UPDATE:
      return parsePriorityUpdate(flags, streamId, bytes, start, end);
    default:
      return parseUnknown(type, flags, streamId, bytes, start, end);
  }
}

/** Bytes of the payload of a frame. */
export function payloadLength(frame: OutboundFrame): number {
  switch (frame.type) {
    case FrameType.DATA:
      return dataPayloadLength(frame);
    case FrameType.HEADERS:
      return headersPayloadLength(frame);
    case FrameType.PRIORITY:
      return DEPENDENCY_LENGTH;
    case FrameType.RST_STREAM:
      return RST_STREAM_LENGTH;
    case FrameType.SETTINGS:
      return settingsPayloadLength(frame);
    case FrameType.PUSH_PROMISE:
      return pushPromisePayloadLength(frame);
    case FrameType.PING:
      return PING_LENGTH;
    case FrameType.GOAWAY:
      return goawayPayloadLength(frame);
    case FrameType.WINDOW_UPDATE:
      return WINDOW_UPDATE_LENGTH;
    case FrameType.CONTINUATION:
      return frame.fragment.length;
    case FrameType.PRIORITY_UPDATE:
      return priorityUpdatePayloadLength(frame);
    default:
      return frame.payload.length;
  }
}

/** Writes header and payload at `at`, where there must be room, and returns the offset behind them. */
export function writeFrame(frame: OutboundFrame, target: Uint8Array, at: number): number {
  const type = frame.type === UNKNOWN ? frame.frameType : frame.type;
  return writePayload(
    frame,
    target,
    writeFrameHeader(target, at, payloadLength(frame), type, frame.flags, frame.streamId),
  );
}

function writePayload(frame: OutboundFrame, target: Uint8Array, at: number): number {
  switch (frame.type) {
    case FrameType.DATA:
      return writeDataPayload(frame, target, at);
    case FrameType.HEADERS:
      return writeHeadersPayload(frame, target, at);
    case FrameType.PRIORITY:
      return writePriorityPayload(frame, target, at);
    case FrameType.RST_STREAM:
      return writeRstStreamPayload(frame, target, at);
    case FrameType.SETTINGS:
      return writeSettingsPayload(frame, target, at);
    case FrameType.PUSH_PROMISE:
      return writePushPromisePayload(frame, target, at);
    case FrameType.PING:
      return writePingPayload(frame, target, at);
    case FrameType.GOAWAY:
      return writeGoawayPayload(frame, target, at);
    case FrameType.WINDOW_UPDATE:
      return writeWindowUpdatePayload(frame, target, at);
    case FrameType.CONTINUATION:
      return writeContinuationPayload(frame, target, at);
    case FrameType.PRIORITY_UPDATE:
      return writePriorityUpdatePayload(frame, target, at);
    default:
      target.set(frame.payload, at);
      return at + frame.payload.length;
  }
}

/**
 * A frame as bytes of its own.
 *
 * @throws UsageError `FRAME_TOO_LARGE` for a payload over `maxFrameSize` bytes
 */
export function serializeFrame(frame: OutboundFrame, maxFrameSize = MAX_PAYLOAD_LENGTH): Uint8Array {
  const length = payloadLength(frame);
  if (length > maxFrameSize) {
    throw new UsageError('FRAME_TOO_LARGE', `a payload of ${length} bytes where the peer takes ${maxFrameSize}`);
  }
  const bytes = new Uint8Array(FRAME_HEADER_LENGTH + length);
  writeFrame(frame, bytes, 0);
  return bytes;
}
