import type { OnReadOpts, Socket } from 'node:net';
import { map, type Observable } from 'rxjs';
import type { ByteDuplex } from './byte-duplex.js';
import type { ConnectTarget } from './network.js';
import { guardLookup, openSocket } from './open-socket.js';
import { readBuffer } from './read-buffer.js';
import { bareHost, tcpInfo } from './socket-info.js';
import { onData, streamDuplex } from './stream-duplex.js';

/** A TCP connection to `target`, as `Network.connect` describes. Nagle's algorithm is off. */
export function connectTcp(target: ConnectTarget): Observable<ByteDuplex> {
  return openTcp(target, readBuffer(onData)).pipe(
    map((socket) => streamDuplex(socket, { info: tcpInfo(socket), highWaterMark: target.highWaterMark })),
  );
}

export function openTcp(target: ConnectTarget, onread?: OnReadOpts): Observable<Socket> {
  const { host, port, localAddress, localPort, family, lookup } = target;
  return openSocket({
    ...(onread && { onread }),
    host: bareHost(host),
    port,
    localAddress,
    localPort,
    family,
    lookup: lookup && guardLookup(lookup),
  });
}
