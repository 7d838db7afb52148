import { ProtocolError } from '../core/protocol-error.js';
import type { Http1Limits, Http1Role } from './limits.js';

/**
 * The error for bytes that are refused. They end the connection: where a message is ambiguous, so is where the next one
 * starts. A server still owes an answer, the status in `wireCode`; a client sends nothing, so its is 0.
 */
export function refusal(
  role: Http1Role,
  code: string,
  message: string,
  status = 400,
  limit?: keyof Http1Limits,
): ProtocolError {
  const wireCode = role === 'server' ? status : 0;
  return limit === undefined
    ? new ProtocolError(code, message, { wireCode })
    : new ProtocolError(code, message, { wireCode, limit });
}

/** A line ended by something else than CRLF, or holding a byte it may not: the three ways, told apart for people. */
export function badByte(role: Http1Role, byte: number, code: string, where: string): ProtocolError {
  if (byte === 0x0a) return refusal(role, 'BARE_LF', `LF without CR in ${where}`);
  return refusal(role, code, `byte 0x${byte.toString(16).padStart(2, '0')} may not stand here in ${where}`);
}

/** A CR that no LF follows. */
export function bareCr(role: Http1Role, where: string): ProtocolError {
  return refusal(role, 'BARE_CR', `CR without LF in ${where}`);
}
