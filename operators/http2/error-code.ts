/** The fourteen error codes of RFC 9113 §7, by name and by number. */

/** Error codes as RST_STREAM and GOAWAY carry them. */
export const Http2ErrorCode = Object.freeze({
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const);

export type Http2ErrorName = keyof typeof Http2ErrorCode;

const NAMES = Object.keys(Http2ErrorCode) as readonly Http2ErrorName[];

/**
 * The name of an error code, or undefined for one that is not registered: such a code is treated as `INTERNAL_ERROR`
 * (RFC 9113 §7), and its number is kept for people.
 *
 * @example
 * ```ts
 * import { http2ErrorName } from 'rxweir/operators';
 * http2ErrorName(8); // 'CANCEL'
 * ```
 */
export function http2ErrorName(code: number): Http2ErrorName | undefined {
  return NAMES[code];
}
