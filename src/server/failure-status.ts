import { isProtocolError } from '../../operators/core/protocol-error.js';

/** What a failed handler is answered with: what the client did wrong and the handler passed on is told to the client; all else is our fault. */
export function failureStatus(error: unknown): number {
  if (!isProtocolError(error) || error.initiator !== 'remote') return 500;
  return error.wireCode >= 400 && error.wireCode < 500 ? error.wireCode : 500;
}
