/** The status codes of Close frames: RFC 6455 §7.4 and the registry it set up. */
import { UsageError } from '../core/protocol-error.js';

export const CloseCode = Object.freeze({
  NORMAL: 1000,
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  /** Never on the wire: the Close frame had no code. */
  NO_STATUS: 1005,
  /** Never on the wire: the connection ended without a Close frame. */
  ABNORMAL: 1006,
  INVALID_PAYLOAD: 1007,
  POLICY_VIOLATION: 1008,
  MESSAGE_TOO_BIG: 1009,
  /** The client wanted an extension that the server did not accept. */
  MANDATORY_EXTENSION: 1010,
  INTERNAL_ERROR: 1011,
  SERVICE_RESTART: 1012,
  TRY_AGAIN_LATER: 1013,
  BAD_GATEWAY: 1014,
  /** Never on the wire: the TLS handshake failed. */
  TLS_HANDSHAKE: 1015,
} as const);

export type CloseCodeName = keyof typeof CloseCode;

/** Which end of a WebSocket connection. */
export type WebSocketRole = 'client' | 'server';

/**
 * Whether a Close frame may carry the code: the registered ones that are not 1004, 1005, 1006 and 1015, and those for
 * libraries and applications, 3000 to 4999.
 *
 * @example
 * ```ts
 * import { isCloseCode } from 'rxweir/operators';
 * isCloseCode(1006); // false: it is never sent
 * ```
 */
export function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/** Whether `role` may send the code: one for the wire, and 1010 from clients only. */
export function maySendCloseCode(code: number, role: WebSocketRole): boolean {
  return isCloseCode(code) && !(code === CloseCode.MANDATORY_EXTENSION && role === 'server');
}

/** @throws UsageError `INVALID_CLOSE_CODE` */
export function checkCloseCode(code: number, role: WebSocketRole): void {
  if (maySendCloseCode(code, role)) return;
  throw new UsageError('INVALID_CLOSE_CODE', `a ${role} does not send the close code ${code}`);
}
