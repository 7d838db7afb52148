import { ProtocolError } from '../../operators/core/protocol-error.js';
import { isHttp2CipherSuite } from '../../operators/http2/cipher-suites.js';
import { Http2ErrorCode } from '../../operators/http2/error-code.js';
import type { TlsInfo } from '../sockets/byte-duplex.js';

/** Why HTTP/2 is not spoken over this TLS, if it is not: 1.2 at least, and none of the banned suites (RFC 9113 §9.2). */
export function inadequateTls({ protocol, cipherSuite }: TlsInfo): ProtocolError | undefined {
  if (cipherSuite === '') return undefined; // unknown
  if (protocol !== 'TLSv1' && protocol !== 'TLSv1.1' && isHttp2CipherSuite(cipherSuite)) return undefined;
  const text = `HTTP/2 is not spoken over ${protocol} with ${cipherSuite}`;
  return new ProtocolError('INADEQUATE_SECURITY', text, { wireCode: Http2ErrorCode.INADEQUATE_SECURITY });
}
