import type { OnReadOpts, Socket } from 'node:net';
import { map, type Observable } from 'rxjs';
import type { ByteDuplex } from './byte-duplex.js';
import type { ConnectTarget } from './network.js';
import { openSocket } from './open-socket.js';
import { reachHost } from './reach-host.js';
import { readBuffer } from './read-buffer.js';
import { tcpInfo } from './socket-info.js';
import { streamDuplex } from './stream-duplex.js';
import { push } from './port-events.js';

/** A TCP connection to `target`, as `Network.connect` describes. Nagle's algorithm is off. */
export function connectTcp(target: ConnectTarget): Observable<ByteDuplex> {
  const { highWaterMark } = target;
  return reachHost(target, (address) =>
    openTcp(address, target, readBuffer(push)).pipe(
      map((socket) => streamDuplex(socket, { info: tcpInfo(socket), highWaterMark })),
    ),
  );
}

/** A socket connected to an address, unread. */
export function openTcp(
  address: string,
  { port, localAddress, localPort }: ConnectTarget,
  onread?: OnReadOpts,
): Observable<Socket> {
  return openSocket({ ...(onread && { onread }), host: address, port, localAddress, localPort });
}
