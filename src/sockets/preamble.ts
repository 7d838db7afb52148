import { defer, of, type Observable } from 'rxjs';
import { type NetworkError, ProtocolError } from '../../operators/core/protocol-error.js';
import type { ProxyHeader } from '../../operators/proxy-protocol/proxy-header.js';
import { readProxyHeader } from '../../operators/proxy-protocol/read-proxy-header.js';
import { ByteDuplex, type SocketInfo } from './byte-duplex.js';
import { DuplexBridge } from './duplex-bridge.js';
import { connectionLost } from './network-error.js';
import { peek } from './peek.js';
import type { TlsServerConfig } from './tls-config.js';
import { serverHandshake } from './tls-server.js';
import type { TrustedPeers } from './trusted-peers.js';

/** What may come before HTTP on an accepted connection. */
export interface Preamble {
  /** Asked when the handshake begins, so that a change is for the connections after it. */
  readonly tls?: (() => TlsServerConfig) | undefined;
  /** With `tls`: those who begin without it are served in clear. */
  readonly cleartext?: boolean | undefined;
  readonly highWaterMark?: number | undefined;
  /** Those who begin with a header of the PROXY protocol. */
  readonly proxies?: TrustedPeers | undefined;
}

/** Whether there is any: else a connection is ready as it is accepted. */
export function hasPreamble({ tls, proxies }: Preamble): boolean {
  return tls !== undefined || proxies !== undefined;
}

/** Emits the connection when what comes before HTTP is over, and completes; completes alone where the peer says nothing. */
export function acceptPreamble(socket: ByteDuplex, preamble: Preamble): Observable<ByteDuplex> {
  const { proxies } = preamble;
  const proxied = proxies !== undefined && proxies.has(socket.info.remote);
  return (proxied ? acceptProxied(socket, preamble) : acceptSecure(socket, preamble)) ?? of(socket);
}

/** Reads the header of a proxy, from which the ends of the connection are known. */
function acceptProxied(socket: ByteDuplex, preamble: Preamble): Observable<ByteDuplex> {
  let header: ProxyHeader | undefined;
  const look = (bytes: Uint8Array): number | undefined => {
    const read = readProxyHeader(bytes);
    header = read?.header;
    return read?.length;
  };
  return peek(socket, look, cutHeader, (one) => {
    const known = ByteDuplex.knownAs(one, proxiedInfo(one.info, header as ProxyHeader));
    return acceptSecure(known, preamble) ?? of(known);
  });
}

function cutHeader(): ProtocolError {
  return new ProtocolError('BAD_PROXY_HEADER', 'the connection ended within its PROXY header');
}

function proxiedInfo(info: SocketInfo, header: ProxyHeader): SocketInfo {
  const { source = info.remote, destination = info.local } = header;
  return { ...info, remote: source, local: destination, proxied: { header, by: info.remote } };
}

/** Undefined where there is nothing to be done. */
function acceptSecure(
  socket: ByteDuplex,
  { tls, cleartext, highWaterMark }: Preamble,
): Observable<ByteDuplex> | undefined {
  if (tls === undefined) return undefined;
  if (cleartext !== true) return handshake(socket, tls, highWaterMark);
  let secure = false;
  const look = ([first]: Uint8Array): number => {
    secure = beginsTls(first as number);
    return 0;
  };
  return peek(socket, look, cutEarly, (one) => (secure ? handshake(one, tls, highWaterMark) : undefined));
}

function cutEarly(): NetworkError {
  return connectionLost('read');
}

/**
 * Whether a first byte is for TLS to answer. Records begin with their type: 22 is a handshake, 21 an alert. From 128 on
 * there is no character of HTTP; a hello of SSLv2 begins there, and TLS knows the alert for it.
 */
function beginsTls(first: number): boolean {
  return first === 22 || first === 21 || first >= 128;
}

/** Over the socket itself where there is one below: TLS of Node reads from the kernel without us then. */
function handshake(
  socket: ByteDuplex,
  tls: () => TlsServerConfig,
  highWaterMark: number | undefined,
): Observable<ByteDuplex> {
  return defer(() => {
    const { info } = socket;
    const native = info.transport === 'tcp' || info.transport === 'unix';
    const stream = native ? ByteDuplex.portOf(socket).detach() : undefined;
    return serverHandshake(stream ?? new DuplexBridge(socket), tls(), info, highWaterMark);
  });
}
