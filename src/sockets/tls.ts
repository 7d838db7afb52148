import { concatMap, defer, type Observable } from 'rxjs';
import type { DuplexSubject } from '../../operators/core/duplex-subject.js';
import type { ByteDuplex } from './byte-duplex.js';
import { DuplexBridge } from './duplex-bridge.js';
import type { ConnectTarget } from './network.js';
import { openSocket } from './open-socket.js';
import { reachHost } from './reach-host.js';
import { infoOf, tcpInfo, unixInfo } from './socket-info.js';
import { openTcp } from './tcp.js';
import { clientHandshake } from './tls-client.js';
import type { TlsServerConfig } from './tls-config.js';
import { serverHandshake } from './tls-server.js';

export type { TlsSession } from './tls-session.js';
export type { TlsClientConfig, TlsServerConfig } from './tls-config.js';

/** What TLS needs to know of a target when the bytes are carried already. */
export type TlsTarget = Pick<ConnectTarget, 'host' | 'tls' | 'alpn' | 'highWaterMark' | 'session' | 'onSession'>;

/** A TLS connection over TCP or a UNIX socket, as `Network.connect` describes. */
export function connectTls(target: ConnectTarget): Observable<ByteDuplex> {
  const { path } = target;
  if (path === undefined) {
    const connected = reachHost(target, (address) => openTcp(address, target)); // the race is over before TLS begins
    return connected.pipe(concatMap((socket) => clientHandshake(socket, target, tcpInfo(socket))));
  }
  return openSocket({ path }).pipe(concatMap((socket) => clientHandshake(socket, target, unixInfo('', path))));
}

/**
 * TLS in the client role over any bytes both ways: a proxy's tunnel, another TLS connection, your own I/O. Emits the
 * clear side once the handshake is done, and completes; unsubscribing before that aborts the carrier. Ending the clear
 * side ends the carrier; backpressure passes through in both directions.
 *
 * Errors: `NetworkError` phase `tls`, with the reason the certificate was refused (`CERT_HAS_EXPIRED`,
 * `ERR_TLS_CERT_ALTNAME_INVALID`, …), and those of the carrier; `UsageError` `INVALID_OPTION`.
 *
 * @example
 * ```ts
 * import { tlsOver } from 'rxweir';
 * tlsOver(tunnel, { host: 'example.com', alpn: ['http/1.1'] }).subscribe((clear) => clear.next(head));
 * ```
 */
export function tlsOver(duplex: DuplexSubject<Uint8Array, Uint8Array>, target: TlsTarget): Observable<ByteDuplex> {
  return defer(() => clientHandshake(new DuplexBridge(duplex), target, infoOf(duplex.info)));
}

/**
 * TLS in the server role over any bytes both ways; see {@link tlsOver}. The handshake has no time limit of its own.
 *
 * @param options.highWaterMark as in `ConnectTarget`.
 */
export function acceptTls(
  duplex: DuplexSubject<Uint8Array, Uint8Array>,
  config: TlsServerConfig,
  options: { readonly highWaterMark?: number | undefined } = {},
): Observable<ByteDuplex> {
  return defer(() => serverHandshake(new DuplexBridge(duplex), config, infoOf(duplex.info), options.highWaterMark));
}
