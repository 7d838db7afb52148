import { Http1Connection } from '../../operators/http1/http1-connection.js';
import type { Http1ServerConnection } from '../../operators/http1/http1-server-connection.js';
import type { Http1Stream } from '../../operators/http1/http1-stream.js';
import type { OutboundEvent } from '../../operators/http1/outbound-event.js';
import type { ServerConnectionOptions } from '../../operators/http1/server-connection-options.js';
import { acceptHttp1 } from '../../src/server/accept.js';
import type { ByteDuplex, SocketInfo } from '../../src/sockets/byte-duplex.js';
import { memoryPair, type MemoryPairConfig } from '../../src/sockets/memory-socket.js';
import { bytes, linesOf, textOf } from './http1-streams.js';
import { runMarbles } from './marbles.js';

export const END: OutboundEvent = { type: 'end' };

export function data(text: string, extension?: string): OutboundEvent {
  return { type: 'data', chunk: bytes(text), extension };
}

interface Scene<Connection> {
  readonly connection: Connection;
  /** The raw peer. */
  readonly peer: ByteDuplex;
  /** What the peer has got. */
  readonly got: { readonly text: string };
  /** Sends from the peer and lets everything arrive. */
  readonly say: (text: string) => void;
  readonly flush: () => void;
}

export type ClientScene = Scene<Http1Connection<SocketInfo>>;

/** A client connection with a raw peer, in virtual time. */
export function clientScene(body: (scene: ClientScene) => void, config: MemoryPairConfig = {}): void {
  runMarbles(({ scheduler, flush }) => {
    const [client, peer] = memoryPair({ scheduler, ...config });
    const connection = new Http1Connection(client);
    body({ connection, ...rawPeer(peer, flush) });
  });
}

export interface ServerScene extends Scene<Http1ServerConnection<SocketInfo>> {
  readonly streams: Http1Stream<SocketInfo>[];
  /** What came in on each stream. */
  readonly lines: string[][];
}

/** A server connection with a raw peer, in virtual time; every stream is read unless told otherwise. */
export function serverScene(
  body: (scene: ServerScene) => void,
  config: MemoryPairConfig & ServerConnectionOptions & { readonly read?: boolean } = {},
): void {
  runMarbles(({ scheduler, flush }) => {
    const [peer, socket] = memoryPair({ scheduler, ...config });
    const connection = acceptHttp1(socket, config);
    const streams: Http1Stream<SocketInfo>[] = [];
    const lines: string[][] = [];
    connection.streams$.subscribe((stream) => {
      streams.push(stream);
      if (config.read !== false) lines.push(linesOf(stream));
    });
    body({ connection, streams, lines, ...rawPeer(peer, flush) });
  });
}

function rawPeer(peer: ByteDuplex, flush: () => void): Pick<ClientScene, 'peer' | 'got' | 'say' | 'flush'> {
  const say = (text: string): void => {
    peer.next(bytes(text));
    flush();
  };
  return { peer, got: textOf(peer), say, flush };
}
