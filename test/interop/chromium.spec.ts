/** A real browser: headless Chromium runs a page that our server serves, and the page posts back what it has found. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defer, filter, firstValueFrom, map, skipWhile } from 'rxjs';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { text } from '../../operators/body/text.js';
import type { WebSocketMessage } from '../../operators/websocket/message.js';
import { webSocket } from '../../src/client/web-socket.js';
import type { AcceptWebSocketConfig } from '../../src/server/accept-web-socket-config.js';
import { acceptWebSocket } from '../../src/server/accept-web-socket.js';
import type { ServeConfig } from '../../src/server/serve-config.js';
import type { ServerRequest } from '../../src/server/server-request.js';
import { realServer } from '../src/server/real-server.js';
import { builtPackage } from '../support/built-package.js';
import { certificates } from '../support/certificates.js';
import { freePort, needPackage, startProcess } from '../support/peers.js';

let missing: string | undefined;
beforeAll(async () => {
  missing = await needPackage('chromium');
}, 400_000);

/** What the page does: it talks to /echo, is refused at /refused, and is closed by /bye. */
const SCRIPT = `
const url = (path) => location.href.replace('http', 'ws').replace(/[^/]*$/, path);
const open = (path, protocols) => new Promise((resolve, reject) => {
  const socket = new WebSocket(url(path), protocols);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => resolve(socket);
  socket.onerror = () => reject(new Error('no WebSocket at ' + path));
});
const next = (socket) => new Promise((resolve) => (socket.onmessage = ({ data }) => resolve(data)));
const closed = (socket) => new Promise((resolve) => (socket.onclose = ({ code, reason, wasClean }) => resolve({ code, reason, wasClean })));
const back = (socket, message) => { const answer = next(socket); socket.send(message); return answer; };

async function run() {
  const found = {};
  found.page = performance.getEntriesByType('navigation')[0].nextHopProtocol;
  const socket = await open('echo', ['first', 'second']);
  found.protocol = socket.protocol;
  found.extensions = socket.extensions;
  const sizes = [0, 1, 125, 126, 65535, 65536, 300000];
  found.texts = [];
  for (const size of sizes) found.texts.push((await back(socket, 'ü'.repeat(size))) === 'ü'.repeat(size));
  found.bytes = [];
  for (const size of sizes) {
    const bytes = crypto.getRandomValues(new Uint8Array(Math.min(size, 65536)));
    const got = new Uint8Array(await back(socket, bytes));
    found.bytes.push(got.length === bytes.length && got.every((byte, i) => byte === bytes[i]));
  }
  let count = 0;
  await new Promise((resolve) => {
    socket.onmessage = () => { if (++count === 500) resolve(); };
    for (let i = 0; i < 500; i++) socket.send('message ' + i);
  });
  found.many = count;
  const leaving = closed(socket);
  socket.close(4001, 'seen enough');
  found.left = await leaving;
  const bye = await open('bye');
  found.bye = await closed(bye);
  found.refused = await open('refused').catch((error) => error.message);
  return found;
}
run().catch((error) => ({ error: String(error) })).then((found) => fetch('found', { method: 'POST', body: JSON.stringify(found) }));
`;
const PAGE = `<!doctype html><meta charset="utf-8"><title>WebSocket</title><script>${SCRIPT}</script>`;

interface Visit {
  readonly found: Record<string, unknown>;
  /** Which HTTP carried each request. */
  readonly versions: Record<string, string>;
  /** The peer as the server saw it leave. */
  readonly codes: number[];
}

/** Serves the page, has a browser look at it, and gives what it found. */
async function visit(config: ServeConfig, deflate: AcceptWebSocketConfig['deflate']): Promise<Visit> {
  const versions: Record<string, string> = {};
  const codes: number[] = [];
  let tell: (found: string) => void = () => undefined;
  const found = new Promise<string>((resolve) => (tell = resolve));
  const { url } = await realServer((request: ServerRequest) => {
    const { path } = request;
    versions[path] = request.version;
    if (path === '/found') {
      return defer(() => text()(request.body)).pipe(
        map((body) => {
          tell(body);
          return { status: 204 };
        }),
      );
    }
    if (path === '/echo') {
      return acceptWebSocket(request, { deflate, protocols: ['second'] }, (socket) => {
        socket.state$.subscribe((status) => {
          if (status.state === 'closed') codes.push(status.code);
        });
        return socket;
      });
    }
    if (path === '/bye') return acceptWebSocket(request, {}, (socket) => socket.close(3000, 'auf Wiedersehen'));
    if (path === '/refused') return acceptWebSocket(request, { origin: () => false }, () => undefined);
    return { fields: { 'content-type': 'text/html' }, body: path === '/' ? PAGE : '' };
  }, config);

  const died = await browse(`${url}/`);
  return { found: JSON.parse(await Promise.race([found, died.promise])) as Record<string, unknown>, versions, codes };
}

/** Opens a page until the test is over; the promise only fails, where the browser ends before. */
async function browse(url: string): Promise<{ readonly promise: Promise<never> }> {
  const profile = mkdtempSync(join(tmpdir(), 'rxweir-chromium-'));
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--ignore-certificate-errors', '--no-proxy-server', `--user-data-dir=${profile}`]; // prettier-ignore
  const browser = await startProcess('chromium', [...flags, url]);
  onTestFinished(async () => {
    await browser.stop();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });
  const promise = browser.exited.then(() => {
    throw new Error(browser.output());
  });
  promise.catch(() => undefined);
  return { promise };
}

const ALL = Array<boolean>(7).fill(true);
const SEEN = {
  protocol: 'second',
  texts: ALL,
  bytes: ALL,
  many: 500,
  left: { code: 4001, reason: 'seen enough', wasClean: true },
  bye: { code: 3000, reason: 'auf Wiedersehen', wasClean: true },
  refused: 'no WebSocket at refused',
};
const KEEP = { serverNoContextTakeover: false, clientNoContextTakeover: false, threshold: 0 };

describe('Chromium', () => {
  it.for([
    ['HTTP/1.1', {}, undefined, 'http/1.1', '1.1', ''],
    ['HTTP/1.1, compressed', {}, KEEP, 'http/1.1', '1.1', 'permessage-deflate'],
    ['HTTP/1.1 over TLS', { version: '1.1' }, { threshold: 0 }, 'http/1.1', '1.1', 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'], // prettier-ignore
    ['HTTP/2', {}, undefined, 'h2', '2', ''],
    ['HTTP/2, compressed', {}, KEEP, 'h2', '2', 'permessage-deflate'],
  ] as const)('over %s', { timeout: 120_000 }, async ([name, config, deflate, page, version, extensions], ctx) => {
    const overTls = name.includes('TLS') || name.includes('HTTP/2');
    if (missing !== undefined) return ctx.skip(missing);
    const tls = overTls ? { tls: certificates().server } : {};
    const { found, versions, codes } = await visit({ ...config, ...tls }, deflate);
    expect(found).toEqual({ page, extensions, ...SEEN });
    expect(versions).toMatchObject({ '/': version, '/echo': version, '/bye': version, '/refused': version });
    expect(codes).toEqual([4001]);
  });

  it('the page of the chat example, served by its own server', { timeout: 120_000 }, async (ctx) => {
    if (missing !== undefined) return ctx.skip(missing);
    const cwd = await builtPackage();
    const port = await freePort();
    const chat = await startProcess(process.execPath, ['examples/web-socket-chat.mjs', String(port)], { cwd, ready: port }); // prettier-ignore
    onTestFinished(() => chat.stop());
    const deserializer = (message: WebSocketMessage): unknown => JSON.parse(String(message));
    const room = webSocket<unknown>({ url: `ws://127.0.0.1:${port}/chat?name=we`, deserializer });
    const heard = firstValueFrom(room.pipe(skipWhile((said) => JSON.stringify(said).includes('"we"'))));
    await firstValueFrom(room.state$.pipe(filter(({ state }) => state === 'open')));
    const { promise: died } = await browse(`http://127.0.0.1:${port}/?name=Marlow`);
    expect(await Promise.race([heard, died])).toEqual({ from: 'Marlow', text: 'has come' });
  });
});
