import { execFile } from 'node:child_process';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { acceptWebSocket } from '../../src/server/accept-web-socket.js';
import type { ServerRequest } from '../../src/server/server-request.js';
import type { HandlerResult } from '../../src/server/server-response.js';
import { certificates } from '../support/certificates.js';
import { needPackage } from '../support/peers.js';
import { realServer } from '../src/server/real-server.js';

const run = promisify(execFile);
const { server, other, ca } = certificates();

function answer(request: ServerRequest): HandlerResult {
  if (request.path === '/ws') return acceptWebSocket<string, string>(request, {}, (socket) => socket);
  const { scheme, version, tls } = request;
  return { body: `${scheme} ${version} ${tls?.servername ?? '-'}` };
}

/** What the body is, and which version curl says it was. */
async function curl(...args: string[]): Promise<string> {
  const { stdout } = await run('curl', ['-sS', '--max-time', '20', '-w', ' over %{http_version}', ...args]);
  return stdout;
}

function echo(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { ca });
    socket.on('open', () => socket.send('around'));
    socket.on('message', (data: Buffer) => {
      resolve(data.toString());
      socket.close();
    });
    socket.on('error', reject);
  });
}

/** The names of the certificate a client is shown. */
async function certificateFor(port: number, servername: string): Promise<string | undefined> {
  const socket: TLSSocket = connectTls({ port, host: '127.0.0.1', servername, ca });
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve as () => void).once('error', reject));
  return socket.getPeerCertificate().subjectaltname;
}

it('one port answers http, https, both versions, the upgrade, WebSocket, and each name with its certificate', async (ctx) => {
  const missing = await needPackage('curl');
  if (missing !== undefined) return ctx.skip(missing);
  const tls = { ...server, names: { 'other.example': other } };
  const { port, events } = await realServer(answer, { tls, cleartext: true, h2c: true });
  const http = `http://127.0.0.1:${port}/`;
  const https = `https://localhost:${port}/`;
  expect(await curl(http)).toBe('http 1.1 - over 1.1');
  expect(await curl('-k', '--http1.1', https)).toBe('https 1.1 localhost over 1.1');
  expect(await curl('-k', '--http2', https)).toBe('https 2 localhost over 2');
  expect(await curl('--http2', http)).toBe('http 2 - over 2');
  expect(await curl('--http2-prior-knowledge', http)).toBe('http 2 - over 2');
  const named = ['-k', '--resolve', `other.example:${port}:127.0.0.1`, `https://other.example:${port}/`];
  expect(await curl(...named)).toBe('https 2 other.example over 2');
  expect(await echo(`ws://127.0.0.1:${port}/ws`)).toBe('around');
  expect(await echo(`wss://localhost:${port}/ws`)).toBe('around');
  expect(await certificateFor(port, 'localhost')).toContain('DNS:localhost');
  expect(await certificateFor(port, 'other.example')).toBe('DNS:other.example');
  expect(events.filter(({ type }) => type === 'listener-error' || type === 'connection-error')).toEqual([]);
}, 60_000);
