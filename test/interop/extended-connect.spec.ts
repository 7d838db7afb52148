/** WebSocket over HTTP/2 (RFC 8441) with Debian's peers: proxies that take it, and a server. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, take, toArray } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { WebSocketMessage } from '../../operators/websocket/message.js';
import { webSocket } from '../../src/client/web-socket.js';
import { acceptWebSocket } from '../../src/server/accept-web-socket.js';
import { realServer } from '../src/server/real-server.js';
import { freePort, needPackage, startProcess } from '../support/peers.js';

const PYTHON = '/usr/bin/python3';
const INSTALLING = { timeout: 200_000 };
const MESSAGES: readonly WebSocketMessage[] = ['', 'a', 'ü'.repeat(63), 'x'.repeat(126), randomBytes(65_536), randomBytes(300_000)]; // prettier-ignore

function folder(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'rxweir-8441-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

async function start(program: string, args: readonly string[], port: number, cwd?: string): Promise<void> {
  const peer = await startProcess(program, args, { ready: port, ...(cwd === undefined ? {} : { cwd }) });
  onTestFinished(() => peer.stop());
}

/** Our echo, and over which HTTP it was asked. */
async function ours(): Promise<{ port: number; versions: string[] }> {
  const versions: string[] = [];
  const { port } = await realServer((request) => {
    versions.push(request.version);
    return acceptWebSocket(request, { origin: 'any' }, (socket) => socket);
  });
  return { port, versions };
}

/** Sends all messages over HTTP/2, and has them back. */
async function talk(port: number, messages = MESSAGES): Promise<void> {
  const socket = webSocket({ url: `ws://127.0.0.1:${port}/`, version: '2' });
  const got = lastValueFrom(socket.pipe(take(messages.length), toArray()));
  for (const message of messages) socket.next(message);
  const show = (message: WebSocketMessage): string =>
    typeof message === 'string' ? message : Buffer.from(message).toString('base64');
  expect((await got).map(show)).toEqual(messages.map(show));
}

const haproxy = (port: number, back: number, toward: string): string => `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend front
  bind 127.0.0.1:${port} proto h2
  default_backend back
backend back
  server ours 127.0.0.1:${back} ${toward}
`;

const APP = `
async def app(scope, receive, send):
    if scope['type'] != 'websocket':
        return
    while True:
        event = await receive()
        if event['type'] == 'websocket.connect':
            await send({'type': 'websocket.accept'})
        elif event['type'] == 'websocket.receive':
            await send({'type': 'websocket.send', 'text': event.get('text'), 'bytes': event.get('bytes')})
        else:
            return
`;

describe('WebSocket over HTTP/2', () => {
  it('our client through nghttpx to our server', INSTALLING, async (ctx) => {
    const missing = await needPackage('nghttpx', 'nghttp2-proxy');
    if (missing !== undefined) return ctx.skip(missing);
    const { port: back, versions } = await ours();
    const port = await freePort();
    await start('nghttpx', ['--conf=/dev/null', `-f127.0.0.1,${port};no-tls`, `-b127.0.0.1,${back}`], port);
    await talk(port);
    expect(versions).toEqual(['1.1']);
  });

  it.for([
    ['1.1', ''],
    ['2', 'proto h2'],
  ] as const)('our client through haproxy to our server over HTTP/%s', INSTALLING, async ([version, toward], ctx) => {
    const missing = await needPackage('haproxy');
    if (missing !== undefined) return ctx.skip(missing);
    const { port: back, versions } = await ours();
    const port = await freePort();
    const cwd = folder({ 'haproxy.cfg': haproxy(port, back, toward) });
    await start('haproxy', ['-db', '-f', 'haproxy.cfg'], port, cwd);
    await talk(port);
    expect(versions).toEqual([version]);
  });

  it('our client and hypercorn', INSTALLING, async (ctx) => {
    const missing = await needPackage('hypercorn', 'python3-hypercorn');
    const imports = (): void => void execFileSync(PYTHON, ['-c', 'import hypercorn'], { stdio: 'ignore' });
    try {
      imports();
    } catch {
      return ctx.skip(missing ?? 'hypercorn is not installed');
    }
    const port = await freePort();
    const cwd = folder({ 'app.py': APP });
    await start(PYTHON, ['-m', 'hypercorn', '-b', `127.0.0.1:${port}`, 'app:app'], port, cwd);
    await talk(port);
  });
});
