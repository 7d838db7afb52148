import { ProtocolError } from '../core/protocol-error.js';

/** HTTP/2's code for it (RFC 9113 §7). */
const WIRE_CODE = 0x9;

/** A header block that does not decode: the two tables no longer agree, and the connection has to end (RFC 7541 §2.2). */
export function compressionError(message: string): ProtocolError {
  return new ProtocolError('COMPRESSION_ERROR', message, {
    scope: 'connection',
    initiator: 'remote',
    wireCode: WIRE_CODE,
  });
}
