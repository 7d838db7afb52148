import { ProtocolError } from '../core/protocol-error.js';

/** A block that decodes but is not wanted: its stream ends, and the connection goes on. */
export function refusal(code: string, message: string, wireCode: number, limit?: string): ProtocolError {
  return new ProtocolError(code, message, { scope: 'stream', wireCode, ...(limit !== undefined && { limit }) });
}
