/** Where a case is run: against our server and our client, over HTTP/1 and HTTP/2, on real sockets; the peer is not ours. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http2, { type ServerHttp2Stream } from 'node:http2';
import { connect, createServer, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { DeflateConfig } from '../../../operators/websocket/permessage-deflate.js';
import { webSocket } from '../../../src/client/web-socket.js';
import type { WebSocketSubject } from '../../../src/connections/web-socket-subject.js';
import { acceptWebSocket } from '../../../src/server/accept-web-socket.js';
import { realServer } from '../../src/server/real-server.js';
import type { Case } from './case.js';
import { Peer } from './peer.js';

const LIMITS = { maxMessageSize: 64 * 1024 * 1024, maxFragments: 1_000_000, scheduler: undefined };
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** What a side does with the extensions: as a client the peer offers, as a server it answers. */
interface Extensions {
  /** The value of the peer's Sec-WebSocket-Extensions, if it sends one. */
  readonly peer: string | undefined;
  readonly deflate: DeflateConfig | undefined;
}

export interface Side {
  readonly name: string;
  /** What ours is. */
  readonly role: 'client' | 'server';
  /** Opens a WebSocket between an echo of ours and a peer. */
  open(extensions: Extensions): Promise<Peer>;
}

const echo = (socket: WebSocketSubject): void => void socket.subscribe(socket);

const serverOverHttp1: Side = {
  name: 'our server, HTTP/1',
  role: 'server',
  async open({ peer, deflate }) {
    const { port } = await realServer((request) => acceptWebSocket(request, { ...LIMITS, deflate }, echo));
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    onTestFinished(() => void socket.destroy());
    const offer = peer === undefined ? '' : `Sec-WebSocket-Extensions: ${peer}\r\n`;
    socket.write(
      `GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n${offer}\r\n`,
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    return new Peer(socket, 'client', field(String(head), 'sec-websocket-extensions'));
  },
};

const clientOverHttp1: Side = {
  name: 'our client, HTTP/1',
  role: 'client',
  async open({ peer, deflate }) {
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const connected = once(server, 'connection');
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const reading = echoing(webSocket({ url, ...LIMITS, deflate }));
    const [socket] = (await connected) as [Duplex];
    onTestFinished(() => void socket.destroy());
    onTestFinished(() => reading.unsubscribe());
    const [head] = (await once(socket, 'data')) as [Buffer];
    const key = field(String(head), 'sec-websocket-key') ?? '';
    const accept = createHash('sha1').update(key + GUID).digest('base64'); // prettier-ignore
    const answer = peer === undefined ? '' : `Sec-WebSocket-Extensions: ${peer}\r\n`;
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${answer}\r\n`,
    );
    return new Peer(socket, 'server', field(String(head), 'sec-websocket-extensions'));
  },
};

const serverOverHttp2: Side = {
  name: 'our server, HTTP/2',
  role: 'server',
  async open({ peer, deflate }) {
    const { url } = await realServer((request) => acceptWebSocket(request, { ...LIMITS, deflate }, echo));
    const session = http2.connect(url);
    onTestFinished(() => session.destroy());
    await once(session, 'remoteSettings');
    const offer = peer === undefined ? {} : { 'sec-websocket-extensions': peer };
    const stream = session.request(
      { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/', 'sec-websocket-version': '13', ...offer },
      { endStream: false },
    );
    const [head] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    return new Peer(stream, 'client', String(head['sec-websocket-extensions'] ?? '') || undefined);
  },
};

const clientOverHttp2: Side = {
  name: 'our client, HTTP/2',
  role: 'client',
  async open({ peer, deflate }) {
    const server = http2.createServer({ settings: { enableConnectProtocol: true } });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const sessions: http2.ServerHttp2Session[] = [];
    server.on('session', (session) => sessions.push(session));
    onTestFinished(() => {
      for (const session of sessions) session.destroy();
      server.close();
    });
    const opened = once(server, 'stream');
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const reading = echoing(webSocket({ url, version: '2', ...LIMITS, deflate }));
    onTestFinished(() => reading.unsubscribe());
    const [stream, head] = (await opened) as [ServerHttp2Stream, http2.IncomingHttpHeaders];
    const answer = peer === undefined ? {} : { 'sec-websocket-extensions': peer };
    stream.respond({ ':status': 200, ...answer });
    return new Peer(stream, 'server', String(head['sec-websocket-extensions'] ?? '') || undefined);
  },
};

export const SIDES = [serverOverHttp1, clientOverHttp1, serverOverHttp2, clientOverHttp2] as const;

function echoing(socket: WebSocketSubject): { unsubscribe(): void } {
  return socket.subscribe({ next: (message) => socket.next(message), error: () => undefined });
}

function field(head: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)\\r$`, 'im').exec(head)?.[1];
}

/** Runs a case without extensions: all that its peer hears. */
export async function runCase(side: Side, { sends }: Case): Promise<string[]> {
  const peer = await side.open({ peer: undefined, deflate: undefined });
  return peer.run(sends);
}
