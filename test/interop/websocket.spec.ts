import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:https';
import { firstValueFrom, lastValueFrom, map, take, toArray } from 'rxjs';
import { WebSocket as UndiciWebSocket } from 'undici';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import WebSocket, { WebSocketServer, type ServerOptions } from 'ws';
import type { WebSocketMessage } from '../../operators/websocket/message.js';
import { request } from '../../src/client/request.js';
import type { WebSocketConfig } from '../../src/client/web-socket-config.js';
import { webSocket } from '../../src/client/web-socket.js';
import type { WebSocketSubject } from '../../src/connections/web-socket-subject.js';
import type { AcceptWebSocketConfig } from '../../src/server/accept-web-socket-config.js';
import { acceptWebSocket } from '../../src/server/accept-web-socket.js';
import { realServer } from '../src/server/real-server.js';
import { certificates } from '../support/certificates.js';
import { findProgram, freePort, needPackage, startProcess } from '../support/peers.js';

/** What goes there and back: empty, small, over each length of the header, text that is not ASCII, bytes. */
const MESSAGES: readonly WebSocketMessage[] = [
  '',
  'a',
  'ü'.repeat(63),
  'x'.repeat(126),
  '中'.repeat(30_000),
  new Uint8Array(0),
  randomBytes(125),
  randomBytes(65_536),
  randomBytes(300_000),
];

function same(got: readonly WebSocketMessage[]): void {
  const show = (message: WebSocketMessage): string =>
    typeof message === 'string' ? message : Buffer.from(message).toString('base64');
  expect(got.map(show)).toEqual(MESSAGES.map(show));
}

/** Sends all messages on our socket, takes as many, and closes. */
async function talk(socket: WebSocketSubject): Promise<void> {
  const got = lastValueFrom(socket.pipe(take(MESSAGES.length), toArray()));
  for (const message of MESSAGES) socket.next(message);
  same(await got);
}

async function ours(config: AcceptWebSocketConfig = {}): Promise<{ url: string; codes: number[] }> {
  const codes: number[] = [];
  const { port } = await realServer((incoming) =>
    acceptWebSocket(incoming, config, (socket) => {
      socket.state$.subscribe((status) => {
        if (status.state === 'closed') codes.push(status.code);
      });
      return socket;
    }),
  );
  return { url: `ws://127.0.0.1:${port}/`, codes };
}

async function theirs(options: ServerOptions = {}): Promise<{ url: string; codes: number[] }> {
  const codes: number[] = [];
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  server.on('connection', (socket) => {
    socket.on('message', (data: Uint8Array, binary: boolean) => socket.send(data, { binary }));
    socket.on('close', (code: number) => codes.push(code));
  });
  onTestFinished(() => server.close());
  await new Promise<void>((resolve) => server.once('listening', resolve));
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, codes };
}

async function eventually(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(condition()).toBe(true);
}

describe('our client and a server of ws', () => {
  it.each([
    ['plain', {}, {}],
    ['compressed', { perMessageDeflate: true }, { deflate: { threshold: 0 } }],
    ['compressed with windows kept', { perMessageDeflate: { threshold: 0 } }, { deflate: { threshold: 0, serverNoContextTakeover: false, clientNoContextTakeover: false } }], // prettier-ignore
    ['not compressed where only we offer it', { perMessageDeflate: false }, { deflate: {} }],
  ] satisfies [string, ServerOptions, Partial<WebSocketConfig>][])(
    'messages both ways, %s',
    async (_, options, config) => {
      const { url, codes } = await theirs(options);
      const socket = webSocket({ url, ...config });
      await talk(socket);
      await eventually(() => codes.length === 1);
      expect(codes).toEqual([1000]);
    },
  );

  it('subprotocol, ping, and a close of theirs', async () => {
    const { url } = await theirs({ handleProtocols: (offered) => [...offered][1] ?? false });
    const socket = webSocket({ url, protocols: ['a', 'b'] });
    const reading = lastValueFrom(socket, { defaultValue: 'nothing' });
    socket.next('x');
    await firstValueFrom(socket);
    expect(socket.protocol).toBe('b');
    expect(await firstValueFrom(socket.ping())).toBeGreaterThanOrEqual(0);
    socket.close(4001, 'done');
    await reading;
    expect(socket.state).toMatchObject({ state: 'closed', by: 'local', code: 4001, reason: 'done', clean: true });
  });

  it('over TLS', async () => {
    const { ca, server: credentials } = certificates();
    const https = createTlsServer({ ...credentials });
    const server = new WebSocketServer({ server: https });
    server.on('connection', (socket) =>
      socket.on('message', (data: Uint8Array, binary: boolean) => socket.send(data, { binary })),
    );
    await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      https.close();
    });
    const { port } = https.address() as AddressInfo;
    await talk(webSocket({ url: `wss://localhost:${port}/`, tls: { ca }, family: 4 }));
  });
});

describe('our server and a client of ws', () => {
  it.each([
    ['plain', {}, false],
    ['compressed', { deflate: { threshold: 0 } }, true],
    ['compressed with windows kept', { deflate: { threshold: 0, serverNoContextTakeover: false, clientNoContextTakeover: false } }, true], // prettier-ignore
  ] satisfies [string, AcceptWebSocketConfig, boolean][])('messages both ways, %s', async (_, config, deflate) => {
    const { url, codes } = await ours(config);
    const client = new WebSocket(url, { perMessageDeflate: deflate && { threshold: 0 } });
    const got: WebSocketMessage[] = [];
    await new Promise<void>((resolve, reject) => {
      client.on('error', reject);
      client.on('open', () => {
        for (const message of MESSAGES) client.send(message);
      });
      client.on('message', (data: Buffer, binary: boolean) => {
        got.push(binary ? data : String(data));
        if (got.length === MESSAGES.length) resolve();
      });
    });
    same(got);
    expect(client.extensions).toBe(deflate ? client.extensions : '');
    client.close(3000, 'done');
    await eventually(() => codes.length === 1);
    expect(codes).toEqual([3000]);
  });

  it('a page of another host is refused with 403', async () => {
    const { url } = await ours();
    const client = new WebSocket(url, { origin: 'https://evil.example' });
    const message = await new Promise<string>((resolve) =>
      client.on('error', (error: Error) => resolve(error.message)),
    );
    expect(message).toContain('403');
  });
});

describe('undici', () => {
  it('its WebSocket and our server, compressed', async () => {
    const { url, codes } = await ours({ deflate: { threshold: 0 } });
    const client = new UndiciWebSocket(url);
    client.binaryType = 'arraybuffer';
    const got: WebSocketMessage[] = [];
    await new Promise<void>((resolve, reject) => {
      client.addEventListener('error', () => reject(new Error('it failed')));
      client.addEventListener('open', () => {
        for (const message of MESSAGES) client.send(message as never);
      });
      client.addEventListener('message', ({ data }) => {
        got.push(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer));
        if (got.length === MESSAGES.length) resolve();
      });
    });
    same(got);
    client.close(3001, 'done');
    await eventually(() => codes.length === 1);
    expect(codes).toEqual([3001]);
  });
});

const PYTHON_SERVER = `
import asyncio, sys, websockets
async def echo(socket, path=None):
    async for message in socket:
        await socket.send(message)
async def main():
    async with websockets.serve(echo, '127.0.0.1', int(sys.argv[1])):
        await asyncio.Future()
asyncio.run(main())
`;
const PYTHON_CLIENT = `
import asyncio, sys, websockets
async def main():
    async with websockets.connect(sys.argv[1], origin=None) as socket:
        for message in ['', 'text', 'ü' * 70, b'', b'bytes' * 20000]:
            await socket.send(message)
            assert await socket.recv() == message
        pong = await socket.ping()
        await pong
        await socket.send(iter([b'frag', b'ments']))
        assert await socket.recv() == b'fragments'
    print('done', socket.close_code)
asyncio.run(main())
`;

const PYTHON = '/usr/bin/python3';

function hasWebsockets(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import websockets'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('python3-websockets', () => {
  let missing: string | undefined;
  beforeAll(async () => {
    if (hasWebsockets()) return;
    missing = await needPackage('websockets', 'python3-websockets'); // it brings no program
    if (hasWebsockets()) missing = undefined;
  }, 200_000);

  it('its server and our client', async (ctx) => {
    if (missing !== undefined) return ctx.skip(missing);
    const port = await freePort();
    const peer = await startProcess(PYTHON, ['-c', PYTHON_SERVER, String(port)], { ready: port });
    onTestFinished(() => peer.stop());
    await talk(webSocket({ url: `ws://127.0.0.1:${port}/`, deflate: { threshold: 0 } }));
  });

  it('its client and our server', async (ctx) => {
    if (missing !== undefined) return ctx.skip(missing);
    const { url, codes } = await ours({ deflate: {} });
    const child = spawn(PYTHON, ['-c', PYTHON_CLIENT, url], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    for await (const chunk of child.stdout) said += String(chunk);
    expect(said.trim()).toBe('done 1000');
    expect(codes).toEqual([1000]);
  });
});

describe('curl', () => {
  it('makes the handshake by hand', async (ctx) => {
    const curl = findProgram('curl');
    if (curl === undefined) return ctx.skip('curl is not installed');
    const { url } = await ours();
    const lines = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']; // prettier-ignore
    const child = spawn(curl, ['-s', '-i', '-N', '-m', '1', ...lines.flatMap((line) => ['-H', line]), url.replace('ws', 'http')]); // prettier-ignore
    let said = '';
    for await (const chunk of child.stdout) said += String(chunk);
    expect(said).toContain('HTTP/1.1 101 ');
    expect(said.toLowerCase()).toContain('sec-websocket-accept: s3ppLmbitxaq9kygzzhzrbk+xoo='.toLowerCase());
  });

  it('is told 426 where it makes none', async () => {
    const { url } = await ours();
    const response = await firstValueFrom(request(url.replace('ws', 'http')).pipe(map(({ status, fields }) => ({ status, version: fields.get('sec-websocket-version') })))); // prettier-ignore
    expect(response).toEqual({ status: 426, version: '13' });
  });
});
