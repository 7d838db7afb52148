/** SETTINGS (RFC 9113 §6.5): entries as they come, in order; what they mean is in `settings.ts`. */
import { readUint32, writeUint32 } from '../frame-header.js';
import { FrameFlag, FrameType } from '../frame-type.js';
import { connectionError } from '../http2-error.js';
import { needConnection, needLength, needWhole } from './payload-rules.js';

export interface SettingEntry {
  readonly id: number;
  readonly value: number;
}

export interface SettingsFrame {
  readonly type: typeof FrameType.SETTINGS;
  /** ACK. */
  readonly flags: number;
  readonly streamId: 0;
  readonly entries: readonly SettingEntry[];
}

/** Bytes of one entry. */
export const SETTING_LENGTH = 6;
const NO_ENTRIES: readonly SettingEntry[] = Object.freeze([]);

/** A SETTINGS frame. @throws UsageError `INVALID_FRAME` */
export function settingsFrame(entries: readonly SettingEntry[]): SettingsFrame {
  for (const { id, value } of entries) {
    needWhole('id', id, 0, 0xffff);
    needWhole('value', value, 0, 2 ** 32 - 1);
  }
  return { type: FrameType.SETTINGS, flags: 0, streamId: 0, entries };
}

/** The acknowledgement of a SETTINGS frame. */
export function settingsAckFrame(): SettingsFrame {
  return { type: FrameType.SETTINGS, flags: FrameFlag.ACK, streamId: 0, entries: NO_ENTRIES };
}

/**
 * @throws ProtocolError connection `PROTOCOL_ERROR` on a stream; `FRAME_SIZE_ERROR` for an acknowledgement that is not
 *   empty or a length that is no multiple of 6
 */
export function parseSettings(
  flags: number,
  streamId: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): SettingsFrame {
  needConnection(FrameType.SETTINGS, streamId);
  const length = end - start;
  if ((flags & FrameFlag.ACK) !== 0) needLength(FrameType.SETTINGS, length, 0);
  if (length === 0) return { type: FrameType.SETTINGS, flags, streamId: 0, entries: NO_ENTRIES };
  return { type: FrameType.SETTINGS, flags, streamId: 0, entries: parseSettingEntries(bytes, start, end) };
}

/**
 * The entries alone: also what an `HTTP2-Settings` field holds.
 *
 * @throws ProtocolError connection `FRAME_SIZE_ERROR` for a length that is no multiple of 6
 */
export function parseSettingEntries(bytes: Uint8Array, start = 0, end = bytes.length): SettingEntry[] {
  if ((end - start) % SETTING_LENGTH !== 0) {
    throw connectionError('FRAME_SIZE_ERROR', `SETTINGS of ${end - start} bytes, not a multiple of ${SETTING_LENGTH}`);
  }
  const entries: SettingEntry[] = [];
  for (let at = start; at < end; at += SETTING_LENGTH) {
    const id = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    entries.push({ id, value: readUint32(bytes, at + 2) });
  }
  return entries;
}

export function settingsPayloadLength(frame: SettingsFrame): number {
  return frame.entries.length * SETTING_LENGTH;
}

export function writeSettingsPayload(frame: SettingsFrame, target: Uint8Array, at: number): number {
  for (const { id, value } of frame.entries) {
    target[at] = id >>> 8;
    target[at + 1] = id;
    at = writeUint32(target, at + 2, value);
  }
  return at;
}
