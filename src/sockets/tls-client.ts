import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions, DetailedPeerCertificate, PeerCertificate, SecureContext, TLSSocket } from 'node:tls';
import { Observable } from 'rxjs';
import { NetworkError, ProtocolError } from '../../operators/core/protocol-error.js';
import type { ByteDuplex, SocketInfo } from './byte-duplex.js';
import { connectionLost, networkError } from './network-error.js';
import { nodeTls } from './node-tls.js';
import { ignoreErrors } from './open-socket.js';
import { bareHost } from './socket-info.js';
import { socketDuplex } from './stream-duplex.js';
import type { TlsClientConfig } from './tls-config.js';
import { clientContext } from './tls-context.js';
import { authorizationErrorOf, peerCertificate, tcpBelow, tlsSocketInfo } from './tls-info.js';
import { TlsSession } from './tls-session.js';
import type { TlsTarget } from './tls.js';

const DEFAULTS: TlsClientConfig = Object.freeze({});
const NO_CERTIFICATE = Object.freeze({}) as PeerCertificate;

/**
 * Handshakes over a connected stream, which it takes over; emits the clear side and completes.
 *
 * The certificate is checked against the origin's name (RFC 9110 §4.3.4), whatever name was indicated, and also when a
 * session is resumed, where Node does not: it then shows no certificate, so the session has brought its own.
 */
export function clientHandshake(carrier: Duplex, target: TlsTarget, info: SocketInfo): Observable<ByteDuplex> {
  return new Observable((subscriber) => {
    const config = target.tls ?? DEFAULTS;
    const offered = target.alpn ?? [];
    const identity = identityCheck(config, target.host);
    const servername = indicatedName(config, target.host);
    const session = config.session ?? target.session;
    const listeners = [config.onSession, target.onSession].filter((one) => one !== undefined);
    let certificate: DetailedPeerCertificate | undefined;
    let done = false;
    let context: SecureContext;
    let socket: TLSSocket;
    const fail = (error: unknown): void => subscriber.error(networkError(error, 'tls'));

    carrier.on('error', ignoreErrors);
    try {
      context = clientContext(config);
      const options = connectOptions(config, offered, servername, session?.bytesFor(context));
      socket = nodeTls().connect({
        ...options,
        socket: carrier,
        secureContext: context,
        checkServerIdentity: identity.check,
      });
    } catch (error) {
      carrier.destroy();
      return fail(error);
    }
    socket.disableRenegotiation();
    if (listeners.length > 0) {
      socket.on('session', (bytes) => {
        if (certificate) offerSession(socket, listeners, new TlsSession(bytes, context, certificate));
      });
    }

    const onSecure = (): void => {
      if (done) {
        socket.destroy(new NetworkError('ERR_TLS_RENEGOTIATION_DISABLED', 'tls', 'the server renegotiated'));
        return;
      }
      let authorizationError = authorizationErrorOf(socket);
      if (socket.isSessionReused()) certificate = session?.certificate;
      else if (listeners.length > 0) certificate = peerCertificate(socket);
      if (!identity.checked && authorizationError === undefined) {
        const refusal = identity.check('', certificate ?? NO_CERTIFICATE);
        if (refusal && config.rejectUnauthorized !== false) return fail(refusal);
        authorizationError = refusal && codeOf(refusal);
      }
      const { alpnProtocol } = socket;
      if (alpnProtocol && !offered.includes(alpnProtocol)) return fail(unofferedProtocol(alpnProtocol));
      done = true;
      socket.off('error', fail).off('close', onClose);
      subscriber.next(
        socketDuplex(
          socket,
          tlsSocketInfo(socket, info, servername, authorizationError, certificate),
          target.highWaterMark,
          tcpBelow(carrier, info),
        ),
      );
      subscriber.complete();
    };
    const onClose = (): void => fail(connectionLost('tls', 'the connection was closed during the TLS handshake'));
    socket.on('secureConnect', onSecure).on('error', fail).on('close', onClose).on('error', ignoreErrors);
    return () => {
      if (!done) socket.destroy();
    };
  });
}

function connectOptions(
  config: TlsClientConfig,
  offered: readonly string[],
  servername: string | undefined,
  session: Buffer | undefined,
): ConnectionOptions {
  return {
    rejectUnauthorized: config.rejectUnauthorized !== false,
    ...(servername !== undefined && { servername }),
    ...(offered.length > 0 && { ALPNProtocols: [...offered] }),
    ...(session && { session }),
  };
}

/** SNI (RFC 6066 §3): a DNS name without its final dot, never an address. */
export function indicatedName(config: TlsClientConfig, host: string): string | undefined {
  if (config.servername === false) return undefined;
  const name = bareHost(config.servername ?? host);
  if (name === '' || isIP(name) !== 0) return undefined;
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

/** The check of the certificate's names, and whether it has been made. */
function identityCheck(
  config: TlsClientConfig,
  host: string,
): { checked: boolean; readonly check: (ignored: string, certificate: PeerCertificate) => Error | undefined } {
  const name = verifiedName(config.verifyName ?? host);
  const identity = {
    checked: false,
    check: (_: string, certificate: PeerCertificate): Error | undefined => {
      identity.checked = true;
      try {
        const refusal = (config.checkServerIdentity ?? nodeTls().checkServerIdentity)(name, certificate);
        return refusal && certificateRefused(refusal);
      } catch (error) {
        return certificateRefused(error);
      }
    },
  };
  return identity;
}

/** An IPv6 zone says where the address is, not whose it is. */
function verifiedName(host: string): string {
  const name = bareHost(host);
  const zone = isIP(name) === 6 ? name.indexOf('%') : -1;
  return zone < 0 ? name : name.slice(0, zone);
}

function certificateRefused(error: unknown): Error {
  if (error instanceof Error && codeOf(error) !== undefined) return error;
  return new NetworkError('CERT_REJECTED', 'tls', error instanceof Error ? error.message : String(error), error);
}

function codeOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

function unofferedProtocol(protocol: string): ProtocolError {
  return new ProtocolError('ALPN_NOT_OFFERED', `the server picked ${JSON.stringify(protocol)}, which was not offered`);
}

/** A throw of the user's fails this connection only. */
function offerSession(
  socket: TLSSocket,
  listeners: readonly ((session: TlsSession) => void)[],
  session: TlsSession,
): void {
  try {
    for (const told of listeners) told(session);
  } catch (error) {
    socket.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}
