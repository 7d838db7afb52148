/**
 * The frame header (RFC 6455 §5.2): two bytes, a length of 0, 2 or 8 more, a masking key of 0 or 4.
 *
 * A masking key is a number of 32 bits, its lowest byte the first on the wire. What may be in a header is the decoder's
 * business; here are its shape and its lengths.
 */

/** Bits of the first byte beside the opcode. */
export const FIN = 0x80;
export const RSV1 = 0x40;
export const RSV2_AND_RSV3 = 0x30;
/** Bit of the second byte. */
export const MASKED = 0x80;

/** The longest payload of a control frame (§5.5). Bytes. */
export const MAX_CONTROL_PAYLOAD = 125;
/** The longest header. Bytes. */
export const MAX_HEADER_LENGTH = 14;

const LENGTH_16 = 126;
const LENGTH_64 = 127;
const TWO_32 = 2 ** 32;

/** Bytes of the header of a frame that is sent with a payload of `length` bytes. */
export function frameHeaderLength(length: number, masked: boolean): number {
  return (length <= MAX_CONTROL_PAYLOAD ? 2 : length <= 0xffff ? 4 : 10) + (masked ? 4 : 0);
}

/** Bytes of the header that begins with `second` as its second byte. */
export function receivedHeaderLength(second: number): number {
  const length = second & 0x7f;
  return 2 + (length === LENGTH_16 ? 2 : length === LENGTH_64 ? 8 : 0) + ((second & MASKED) === 0 ? 0 : 4);
}

/**
 * Writes a header at `at`, where there must be room, and returns the offset behind it.
 *
 * @param first FIN, RSV bits and opcode
 */
export function writeFrameHeader(
  target: Uint8Array,
  at: number,
  first: number,
  length: number,
  masked: boolean,
  mask: number,
): number {
  const bit = masked ? MASKED : 0;
  let end = at + 2;
  target[at] = first;
  if (length <= MAX_CONTROL_PAYLOAD) target[at + 1] = bit | length;
  else if (length <= 0xffff) {
    target[at + 1] = bit | LENGTH_16;
    target[at + 2] = length >>> 8;
    target[at + 3] = length;
    end = at + 4;
  } else {
    target[at + 1] = bit | LENGTH_64;
    writeUint32(target, at + 2, Math.floor(length / TWO_32));
    writeUint32(target, at + 6, length % TWO_32);
    end = at + 10;
  }
  if (!masked) return end;
  target[end] = mask;
  target[end + 1] = mask >>> 8;
  target[end + 2] = mask >>> 16;
  target[end + 3] = mask >>> 24;
  return end + 4;
}

/**
 * The payload length of the header at `at`, all of which must be there; -1 where it is not in the shortest form, -2 where
 * it is above 2^53 - 1.
 */
export function readFrameLength(bytes: Uint8Array, at: number): number {
  const length = (bytes[at + 1] as number) & 0x7f;
  if (length < LENGTH_16) return length;
  if (length === LENGTH_16) {
    const extended = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    return extended < LENGTH_16 ? -1 : extended;
  }
  const high = readUint32(bytes, at + 2);
  if (high > 0x1f_ffff) return -2;
  const extended = high * TWO_32 + readUint32(bytes, at + 6);
  return extended <= 0xffff ? -1 : extended;
}

/** The masking key whose first byte is at `at`. */
export function readMask(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) * 0x100_0000 +
    (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number))
  );
}

function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}
