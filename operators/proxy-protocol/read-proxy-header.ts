import { ProtocolError } from '../core/protocol-error.js';
import type { ReadHeader } from './proxy-header.js';
import { readProxyV1 } from './read-proxy-v1.js';
import { readProxyV2, SIGNATURE } from './read-proxy-v2.js';

const PROXY = Buffer.from('PROXY ', 'latin1');
/** Bytes of a version 2 header; more would be kept waiting than any proxy has to say. */
const DEFAULT_MAX_PROXY_HEADER = 4096;

/**
 * Reads a header of the PROXY protocol, version 1 or 2, from the beginning of a connection's bytes. Undefined while more is needed;
 * what follows the header is left alone.
 *
 * Errors: `ProtocolError` `BAD_PROXY_HEADER` for what is none, also where a checksum is wrong; `PROXY_HEADER_LIMIT`.
 *
 * @example
 * ```ts
 * import { readProxyHeader } from 'rxweir/operators';
 * readProxyHeader(Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 4000 80\r\nGET / ')); // source 192.0.2.1, length 40
 * ```
 */
export function readProxyHeader(bytes: Uint8Array, maxBytes = DEFAULT_MAX_PROXY_HEADER): ReadHeader | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (begins(buffer, PROXY)) return buffer.length < PROXY.length ? undefined : readProxyV1(buffer);
  if (begins(buffer, SIGNATURE)) return buffer.length < SIGNATURE.length ? undefined : readProxyV2(buffer, maxBytes);
  throw new ProtocolError('BAD_PROXY_HEADER', 'the connection does not begin with a PROXY header');
}

/** Whether what is there of the beginning is that of `sign`. */
function begins(buffer: Buffer, sign: Buffer): boolean {
  const length = Math.min(buffer.length, sign.length);
  return buffer.compare(sign, 0, length, 0, length) === 0;
}
