import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ByteDuplex, SocketInfo } from './byte-duplex.js';
import { ignoreErrors } from './open-socket.js';
import { DUPLEX_INFO, tcpInfo } from './socket-info.js';
import { streamDuplex } from './stream-duplex.js';
import { authorizationErrorOf, tlsSocketInfo } from './tls-info.js';
import { nodeTls } from './node-tls.js';

/** A stream of Node.js that is connected already, with what is known of it: a socket's addresses, the facts of its TLS. */
export function adoptStream(stream: Duplex): ByteDuplex {
  stream.on('error', ignoreErrors);
  stream.allowHalfOpen = true;
  return streamDuplex(stream, { info: infoOfStream(stream) });
}

function infoOfStream(stream: Duplex): SocketInfo {
  if (!(stream instanceof Socket) || stream.remoteAddress === undefined) return DUPLEX_INFO;
  const below = tcpInfo(stream);
  if (!(stream instanceof nodeTls().TLSSocket)) return below;
  const indicated = typeof stream.servername === 'string' ? stream.servername : undefined;
  return tlsSocketInfo(stream, below, indicated, authorizationErrorOf(stream));
}
