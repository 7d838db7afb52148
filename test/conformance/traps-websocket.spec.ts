/** What went wrong elsewhere, one test each: traps 46 and 52 to 56. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { firstValueFrom, map } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { webSocket } from '../../src/client/web-socket.js';
import { acceptWebSocket } from '../../src/server/accept-web-socket.js';
import { realServer } from '../src/server/real-server.js';
import { certificates } from '../support/certificates.js';
import { type Case, chop, lines } from './autobahn/case.js';
import { runCase, SIDES } from './autobahn/sides.js';
import { binary, close, encode, ping, pong, text } from './autobahn/wire.js';

const CLOSED = 'CLOSE 1000';
const HANDSHAKE =
  'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** A server that answers each request with a redirect, until the test is over. */
async function redirecting(location: string, tls: boolean): Promise<number> {
  const answer = (socket: Socket): void => {
    socket.on('error', () => undefined);
    socket.once('data', () =>
      socket.end(`HTTP/1.1 302 Found\r\nlocation: ${location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`),
    );
  };
  const server = tls ? createTlsServer(certificates().server, answer) : createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('a redirect of ws and wss', () => {
  const { ca } = certificates();
  const first = (url: string): Promise<unknown> => {
    const socket = webSocket({ url, tls: { ca } });
    socket.next('hello');
    return firstValueFrom(socket);
  };

  it.each(['ws', 'http'])('trap 46: from ws to %s', async (scheme) => {
    const { port } = await realServer((request) => acceptWebSocket(request, {}, (socket) => socket));
    expect(await first(`ws://127.0.0.1:${await redirecting(`${scheme}://127.0.0.1:${port}/`, false)}/`)).toBe('hello');
  });

  it.each(['wss', 'https'])('trap 46: from ws to %s, and from wss to it', async (scheme) => {
    const config = { tls: certificates().server };
    const { port } = await realServer((request) => acceptWebSocket(request, {}, (socket) => socket), config);
    const target = `${scheme}://127.0.0.1:${port}/`;
    expect(await first(`ws://127.0.0.1:${await redirecting(target, false)}/`)).toBe('hello');
    expect(await first(`wss://127.0.0.1:${await redirecting(target, true)}/`)).toBe('hello');
  });

  it.each(['ws', 'http'])('trap 46: not from wss to %s', async (scheme) => {
    let asked = 0;
    const { port } = await realServer((request) => {
      asked++;
      return acceptWebSocket(request, {}, (socket) => socket);
    });
    const from = await redirecting(`${scheme}://127.0.0.1:${port}/`, true);
    await expect(first(`wss://127.0.0.1:${from}/`)).rejects.toMatchObject({ name: 'ProtocolError' });
    expect(asked).toBe(0);
  });
});

describe.each(SIDES)('$name', (side) => {
  const run = (sends: Case['sends']): Promise<string[]> => runCase(side, { id: '', sends, hears: [] });

  it('trap 52: frames of 126 to 65535 bytes, byte by byte', async () => {
    const payload = Buffer.alloc(300, 0xab);
    expect(await run([chop(1, binary(payload), text('x'.repeat(126))), close(1000)])).toEqual(
      lines([binary(payload), text('x'.repeat(126)), CLOSED]),
    );
  });

  it('trap 53: a frame that is not masked by a client, or masked by a server', async () => {
    const wrong = encode(text('b'), side.role === 'client');
    expect(await run([text('a'), wrong])).toEqual(lines([text('a'), 'CLOSE 1002']));
  });

  it('trap 54: 1012 to 1014 are taken, 5000 is not', async () => {
    for (const code of [1012, 1013, 1014]) expect(await run([close(code)])).toEqual([`CLOSE ${code}`]);
    expect(await run([close(5000)])).toEqual(['CLOSE 1002']);
  });
});

describe('messages have a limit', () => {
  it('trap 55: 1 MiB on a server unless it says otherwise: 1009, by the header alone', async () => {
    const { raw } = await realServer((request) => acceptWebSocket(request, {}, (socket) => socket));
    const client = raw();
    client.socket.write(HANDSHAKE);
    client.socket.write(Buffer.from('82ff000000000010000100000000', 'hex'));
    expect(await client.closed).toContain('\x03\xf1');
  });

  it('trap 55: 16 MiB on a client', async () => {
    const { port } = await realServer((request) =>
      acceptWebSocket(request, { maxBufferedBytes: 1e9 }, () => [new Uint8Array(16 * 1024 * 1024 + 1)]),
    );
    const socket = webSocket(`ws://127.0.0.1:${port}/`);
    await expect(firstValueFrom(socket)).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' });
    const states = await firstValueFrom(socket.state$.pipe(map(({ state }) => state)));
    expect(states).toBe('closed');
  });
});

describe('nobody reads', () => {
  it('trap 56: a ping is answered, a pong is taken, a Close is answered', async () => {
    const { raw } = await realServer((request) => acceptWebSocket(request, {}, () => undefined));
    const client = raw();
    client.socket.write(HANDSHAKE);
    for (const frame of [pong('nobody asked'), ping('there?'), close(1000)]) client.socket.write(encode(frame, true));
    const heard = await client.closed;
    expect(heard.slice(heard.indexOf('\r\n\r\n') + 4)).toBe('\x8a\x06there?\x88\x02\x03\xe8');
  });
});
