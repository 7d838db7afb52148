import { NetworkError } from '../../operators/core/protocol-error.js';
import type { TlsInfo } from './byte-duplex.js';
import type { ConnectTarget } from './network.js';
import { indicatedName } from './tls-client.js';
import type { TlsServerConfig } from './tls-config.js';

/** What a handshake would have agreed on: the facts of both ends, or why it failed for both. */
export type MemoryTls =
  | { readonly client: TlsInfo | undefined; readonly server: TlsInfo | undefined; readonly failure?: never }
  | { readonly failure: NetworkError };

/**
 * TLS without the cryptography: both ends learn the facts, the bytes stay clear.
 *
 * @param refusal why the client refuses the certificate, if it is to.
 */
export function pretendTls(target: ConnectTarget, server: TlsServerConfig | undefined, refusal?: string): MemoryTls {
  const { tls } = target;
  if (tls === undefined && server === undefined) return { client: undefined, server: undefined };
  if (tls === undefined) return failure('ERR_SSL_WRONG_VERSION_NUMBER', 'a client without TLS, a server with it');
  if (server === undefined) return failure('ERR_SSL_WRONG_VERSION_NUMBER', 'a client with TLS, a server without it');
  if (refusal !== undefined && tls.rejectUnauthorized !== false) return failure(refusal, `certificate: ${refusal}`);

  const servername = indicatedName(tls, target.host);
  const offered = target.alpn ?? [];
  const picked = pick(offered, server, servername ?? '');
  if (picked === null) return failure('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'no protocol in common');
  const shared = {
    alpnProtocol: picked,
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    cipherSuite: 'TLS_AES_256_GCM_SHA384',
    resumed: false,
    peerCertificate: () => undefined,
    peer: undefined,
    ...(servername !== undefined && { servername }),
  };
  const authorized = refusal === undefined;
  return {
    client: { ...shared, authorized, ...(refusal !== undefined && { authorizationError: refusal }) },
    server: { ...shared, authorized: false },
  };
}

/** null refuses. */
function pick(offered: readonly string[], server: TlsServerConfig, servername: string): string | undefined | null {
  if (offered.length === 0) return undefined;
  if (server.ALPNCallback) {
    try {
      return server.ALPNCallback({ servername, protocols: offered }) ?? null;
    } catch {
      return null;
    }
  }
  if (server.alpn === undefined || server.alpn.length === 0) return undefined;
  return server.alpn.find((protocol) => offered.includes(protocol)) ?? null;
}

function failure(code: string, message: string): MemoryTls {
  return { failure: new NetworkError(code, 'tls', message) };
}
