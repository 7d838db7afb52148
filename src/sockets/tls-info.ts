import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { SocketInfo, TlsInfo } from './byte-duplex.js';
import { certificateFacts } from './certificate-facts.js';

/** What a handshaken socket has to say, on top of what is known of its carrier. */
export function tlsSocketInfo(
  socket: TLSSocket,
  carrier: SocketInfo,
  servername: string | undefined,
  authorizationError: string | undefined,
  certificate?: DetailedPeerCertificate,
): SocketInfo {
  const cipher = socket.getCipher();
  const tls: TlsInfo = {
    alpnProtocol: socket.alpnProtocol || undefined,
    protocol: socket.getProtocol() ?? '',
    cipher: cipher.name,
    cipherSuite: cipher.standardName,
    authorized: socket.authorized && authorizationError === undefined,
    ...(authorizationError !== undefined && { authorizationError }),
    ...(servername !== undefined && { servername }),
    resumed: socket.isSessionReused(),
    peerCertificate: () => certificate ?? peerCertificate(socket),
    get peer() {
      const known = certificate ?? peerCertificate(socket);
      return known && certificateFacts(known);
    },
  };
  const { local, remote, proxied } = carrier;
  return { transport: 'tls', local, remote, tls, ...(proxied && { proxied }) };
}

/** The same, of a server with a certificate for each of several names. */
export function withCovers(info: SocketInfo, covers: (host: string) => boolean): SocketInfo {
  return { ...info, tls: Object.defineProperty(info.tls as TlsInfo, 'covers', { value: covers, enumerable: true }) };
}

/** The peer's certificate while the connection is open. */
export function peerCertificate(socket: TLSSocket): DetailedPeerCertificate | undefined {
  const certificate: Partial<DetailedPeerCertificate> | null = socket.getPeerCertificate(true);
  return certificate?.raw === undefined ? undefined : (certificate as DetailedPeerCertificate);
}

/** The TCP socket below, if that is what it is. */
export function tcpBelow(carrier: Duplex, info: SocketInfo): Socket | undefined {
  return info.transport === 'tcp' && carrier instanceof Socket ? carrier : undefined;
}

/** Node leaves the code of the verification error here, whatever the types say. */
export function authorizationErrorOf(socket: TLSSocket): string | undefined {
  const error = socket.authorizationError as unknown;
  if (error === null || error === undefined) return undefined;
  return typeof error === 'string' ? error : String((error as Error).message);
}
