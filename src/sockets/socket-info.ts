import { isIP, type Socket } from 'node:net';
import type { Address, SocketInfo } from './byte-duplex.js';

const NOWHERE: Address = Object.freeze({ family: 'memory', address: '', port: 0 });

/** What is known of bytes that somebody else carries: nothing. */
export const DUPLEX_INFO: SocketInfo = Object.freeze({
  transport: 'duplex',
  local: NOWHERE,
  remote: NOWHERE,
  tls: undefined,
});

/** Both ends of a connected TCP socket. */
export function tcpInfo(socket: Socket): SocketInfo {
  return {
    transport: 'tcp',
    local: ipAddress(socket.localAddress, socket.localPort),
    remote: ipAddress(socket.remoteAddress, socket.remotePort),
    tls: undefined,
  };
}

/** Both ends of a connected UNIX socket; a client's has no name. */
export function unixInfo(localPath: string, remotePath: string): SocketInfo {
  return { transport: 'unix', local: unixAddress(localPath), remote: unixAddress(remotePath), tls: undefined };
}

export function unixAddress(path: string): Address {
  return { family: 'unix', address: path, port: 0 };
}

export function ipAddress(address = '', port = 0): Address {
  return { family: isIP(address) === 6 ? 'IPv6' : 'IPv4', address, port };
}

/** The facts of the carrier, if it has any. */
export function infoOf(info: unknown): SocketInfo {
  const known = typeof info === 'object' && info !== null && 'transport' in info && 'local' in info && 'remote' in info;
  return known ? (info as SocketInfo) : DUPLEX_INFO;
}

/** A host as given in URLs, without the brackets of an IPv6 address. */
export function bareHost(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
