import type { Socket } from 'node:net';
import { map, type Observable } from 'rxjs';
import type { ByteDuplex } from './byte-duplex.js';
import type { ConnectTarget } from './network.js';
import { guardLookup, openSocket } from './open-socket.js';
import { bareHost, tcpInfo } from './socket-info.js';
import { streamDuplex } from './stream-duplex.js';

/** A TCP connection to `target`, as `Network.connect` describes. Nagle's algorithm is off. */
export function connectTcp(target: ConnectTarget): Observable<ByteDuplex> {
  return openTcp(target).pipe(
    map((socket) => streamDuplex(socket, { info: tcpInfo(socket), highWaterMark: target.highWaterMark })),
  );
}

export function openTcp({ host, port, localAddress, localPort, family, lookup }: ConnectTarget): Observable<Socket> {
  return openSocket({
    host: bareHost(host),
    port,
    localAddress,
    localPort,
    family,
    lookup: lookup && guardLookup(lookup),
  });
}
