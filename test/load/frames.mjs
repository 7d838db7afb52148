// Frames of HTTP/2 as peers who mean harm make them, and others.

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const [DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY] = [0, 1, 2, 3, 4, 5, 6, 7];
export const [WINDOW_UPDATE, CONTINUATION, ALTSVC, ORIGIN] = [8, 9, 10, 12];
export const [END_STREAM, END_HEADERS, PADDED] = [1, 4, 8];

/** @param {number} type @param {number} flags @param {number} id @param {Buffer | number[]} [payload] */
export function frame(type, flags, id, payload = []) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, Buffer.from(payload)]);
}

/** @param {number} value */
export const uint32 = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
/** @param {number} id @param {number} value */
export const setting = (id, value) => [0, id, ...uint32(value)];
/** @param {...number[]} entries */
export const hello = (...entries) => Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, entries.flat())]);

/** The same each time, made once. @param {number} count @param {Buffer} what */
export const same = (count, what) => {
  const all = Buffer.concat(Array.from({ length: count }, () => what));
  return () => all;
};
