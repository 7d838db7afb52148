import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { SocketInfo, TlsInfo } from './byte-duplex.js';

/** What a handshaken socket has to say, on top of what is known of its carrier. */
export function tlsSocketInfo(
  socket: TLSSocket,
  carrier: SocketInfo,
  servername: string | undefined,
  authorizationError: string | undefined,
  certificate?: DetailedPeerCertificate,
): SocketInfo {
  const tls: TlsInfo = {
    alpnProtocol: socket.alpnProtocol || undefined,
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher().name,
    authorized: socket.authorized && authorizationError === undefined,
    ...(authorizationError !== undefined && { authorizationError }),
    ...(servername !== undefined && { servername }),
    resumed: socket.isSessionReused(),
    peerCertificate: () => certificate ?? peerCertificate(socket),
  };
  return { transport: 'tls', local: carrier.local, remote: carrier.remote, tls };
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
