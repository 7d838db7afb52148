/**
 * The nine bytes before every payload, and the integers frames are made of (RFC 9113 §4.1): read and written in place,
 * nothing allocated. Offsets must lie inside the array; callers have counted.
 *
 * ```text
 * length (24) | type (8) | flags (8) | reserved (1) stream identifier (31)
 * ```
 */

/** Bytes of a frame header. */
export const FRAME_HEADER_LENGTH = 9;
/** The largest payload a length field can announce. Bytes. */
export const MAX_PAYLOAD_LENGTH = 2 ** 24 - 1;
export const MAX_STREAM_ID = 2 ** 31 - 1;

export function readPayloadLength(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

export function readFrameType(bytes: Uint8Array, at: number): number {
  return bytes[at + 3] as number;
}

export function readFrameFlags(bytes: Uint8Array, at: number): number {
  return bytes[at + 4] as number;
}

/** The stream identifier of the frame header at `at`; the reserved bit is ignored. */
export function readStreamId(bytes: Uint8Array, at: number): number {
  return readUint31(bytes, at + 5);
}

/** Writes a frame header and returns the offset behind it. */
export function writeFrameHeader(
  target: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): number {
  target[at] = length >>> 16;
  target[at + 1] = length >>> 8;
  target[at + 2] = length;
  target[at + 3] = type;
  target[at + 4] = flags;
  return writeUint32(target, at + 5, streamId);
}

/** 31 bits; the highest one is ignored. */
export function readUint31(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) & 0x7f) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return (((bytes[at] as number) & 0x80) === 0 ? 0 : 2 ** 31) + readUint31(bytes, at);
}

/** Writes 32 bits and returns the offset behind them. */
export function writeUint32(target: Uint8Array, at: number, value: number): number {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
  return at + 4;
}
