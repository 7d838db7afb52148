import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { NEVER, type Observable } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FrameType } from '../../operators/http2/frame-type.js';
import type { DataFrame } from '../../operators/http2/frames/data-frame.js';
import { parseSettingEntries, type SettingsFrame } from '../../operators/http2/frames/settings-frame.js';
import { clientPreface } from '../../operators/http2/preface.js';
import type { ServeConfig } from '../../src/server/serve-config.js';
import { certificates } from '../support/certificates.js';
import {
  bytes,
  DATA,
  END,
  HEADERS,
  Http2Peer,
  RST_STREAM,
  SETTINGS,
  SETTINGS_ACK,
  WINDOW_UPDATE,
} from '../support/http2-peer.js';
import { realServer } from '../src/server/real-server.js';
import { get } from './http2-scene.js';
import { ourClient, ourServer, outcome, rawServer, type ServerUnderTest } from './raw-peer.js';

/** SETTINGS of a client: MAX_CONCURRENT_STREAMS 100, INITIAL_WINDOW_SIZE 65 535. */
const SETTINGS_FIELD = 'AAMAAABkAAQAAP__';

/** A request that asks for the upgrade. */
function asking({
  settings = [`http2-settings: ${SETTINGS_FIELD}`],
  options = 'Upgrade, HTTP2-Settings',
  more = [] as string[],
  method = 'GET',
  path = '/',
} = {}): string {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'host: a',
    `connection: ${options}`,
    'upgrade: h2c',
    ...settings,
    ...more,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function upgradable(config: ServeConfig = {}): Promise<ServerUnderTest> {
  return ourServer(
    ({ path, version, fields, body }) => {
      if (path === '/never') return NEVER;
      if (path === '/echo') return { body: body as Observable<Uint8Array> };
      return { body: `${version} ${[...fields].map(({ name }) => name).join()}` };
    },
    { h2c: true, ...config },
  );
}

/** Asks, and takes the bytes behind 101 for HTTP/2. */
async function upgraded(port: number, request = asking()): Promise<Http2Peer> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  socket.write(request, 'latin1');
  const rest = await headOf(socket, /^HTTP\/1\.1 101 /);
  const peer = new Http2Peer(socket, 'client');
  if (rest.length > 0) socket.unshift(rest);
  socket.resume();
  return peer;
}

/** Reads a head of HTTP/1 and gives what came behind it. */
function headOf(socket: Socket, like: RegExp): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const take = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', take).pause();
      const head = received.subarray(0, end).toString('latin1');
      if (like.test(head)) resolve(received.subarray(end + 4));
      else reject(new Error(head));
    };
    socket.on('data', take);
  });
}

describe('RFC 7540 §3.2, Upgrade: h2c, a server that was told to follow it', () => {
  it('answers 101, and the request on stream 1, without the fields of the connection', async () => {
    const { port, requests } = await upgradable();
    const peer = await upgraded(port, asking({ more: ['x-mine: 1', 'te: trailers'] }));
    peer.send(clientPreface(), SETTINGS());
    expect((await peer.message(1)).body).toBe('2 x-mine');
    expect(peer.heard[0]?.type).toBe(FrameType.SETTINGS);
    expect(requests.map(({ method, authority, version }) => [method, authority, version])).toEqual([['GET', 'a', '2']]);
    peer.send(SETTINGS_ACK);
    await answersOn(peer, 3);
  });

  it('stream 1 is half closed: the client sends nothing on it', async () => {
    const { port } = await upgradable();
    const peer = await upgraded(port, asking({ path: '/never' }));
    peer.send(clientPreface(), SETTINGS(), DATA(1, END, 'more'));
    await peer.reset(1, 'STREAM_CLOSED');
    await answersOn(peer, 3);
  });

  it('the client may reset it', async () => {
    const { port, requests } = await upgradable();
    const peer = await upgraded(port, asking({ path: '/never' }));
    peer.send(clientPreface(), SETTINGS());
    await peer.barrier();
    const cancelled = new Promise<void>((resolve) => void requests[0]?.cancelled$.subscribe(resolve));
    peer.send(RST_STREAM(1, 8));
    await cancelled;
    await answersOn(peer, 3);
  });

  it('streams of the client go on from 3', async () => {
    const { port } = await upgradable();
    const peer = await upgraded(port);
    peer.send(clientPreface(), SETTINGS(), HEADERS(1, END, ...get('/')));
    await peer.reset(1, 'STREAM_CLOSED');
    await answersOn(peer, 3);
  });

  it('what HTTP2-Settings says holds for it: a window of 1', async () => {
    const { port } = await upgradable();
    const peer = await upgraded(port, asking({ settings: ['http2-settings: AAQAAAAB'] }));
    peer.send(clientPreface(), SETTINGS([4, 1]));
    expect((await peer.frame<DataFrame>(FrameType.DATA, 1)).data).toHaveLength(1);
    peer.send(WINDOW_UPDATE(1, 1000));
    expect((await peer.message(1)).body).toBe('2 ');
  });

  it('a preface has to follow', async () => {
    const { port } = await upgradable();
    const peer = await upgraded(port);
    peer.send(bytes('GET / HTTP/1.1\r\nhost: a\r\n\r\n'));
    await peer.goaway('PROTOCOL_ERROR');
  });

  it('before it the request is none: the handler does not see it, and after a while the connection ends', async () => {
    const { port, requests } = await upgradable({ timeout: { setup: 50 } });
    const peer = await upgraded(port);
    await peer.until('the end', () => peer.closed);
    expect(peer.heard.map(({ type }) => type)).not.toContain(FrameType.HEADERS);
    expect(requests).toEqual([]);
  });

  it('one that is reset before it never was', async () => {
    const { port, requests } = await upgradable();
    const peer = await upgraded(port);
    peer.send(clientPreface(), SETTINGS(), RST_STREAM(1, 8));
    await answersOn(peer, 3);
    expect(requests.map(({ path }) => path)).toEqual(['/after']);
  });

  it('HEAD has no body there either', async () => {
    const { port } = await upgradable();
    const peer = await upgraded(port, asking({ method: 'HEAD' }));
    peer.send(clientPreface(), SETTINGS());
    expect(await peer.message(1)).toMatchObject({ body: '', fields: { ':status': '200', 'content-length': '2' } });
  });

  it.each<[string, Parameters<typeof asking>[0]]>([
    ['no HTTP2-Settings', { settings: [] }],
    ['two of them', { settings: [`http2-settings: ${SETTINGS_FIELD}`, 'http2-settings: AAQAAAAB'] }],
    ['one that Connection does not name', { options: 'Upgrade' }],
    ['one that is not base64url', { settings: ['http2-settings: AAMAAABk+/=='] }],
    ['one whose length is no multiple of 6', { settings: ['http2-settings: AAMAAAA'] }],
    ['one with a value that is not allowed', { settings: ['http2-settings: AAIAAAAC'] }], // ENABLE_PUSH 2
    ['a body', { method: 'POST', more: ['transfer-encoding: chunked'] }],
    ['the absolute form, which is for proxies', { path: 'http://a/' }],
  ])('is not followed, and answered in HTTP/1.1: %s', async (_, what) => {
    const { port } = await upgradable();
    const socket = connect({ port, host: '127.0.0.1' });
    onTestFinished(() => void socket.destroy());
    socket.write(asking(what), 'latin1');
    if (what?.method === 'POST') socket.write('0\r\n\r\n');
    await headOf(socket, /^HTTP\/1\.1 200 /);
  });

  it('nor over TLS, where ALPN decides', async () => {
    const { port } = await upgradable({ tls: certificates().server });
    const { connect: connectTls } = await import('node:tls');
    const socket = connectTls({ port, host: '127.0.0.1', ca: certificates().ca });
    onTestFinished(() => void socket.destroy());
    socket.write(asking(), 'latin1');
    await headOf(socket, /^HTTP\/1\.1 200 /);
  });

  it('nor by a server of HTTP/1.1 alone', async () => {
    const { port } = await upgradable({ version: '1.1' });
    const socket = connect({ port, host: '127.0.0.1' });
    onTestFinished(() => void socket.destroy());
    socket.write(asking(), 'latin1');
    await headOf(socket, /^HTTP\/1\.1 200 /);
  });
});

async function answersOn(peer: Http2Peer, streamId: number): Promise<void> {
  peer.send(HEADERS(streamId, END, ...get('/after')));
  expect((await peer.message(streamId)).fields[':status']).toBe('200');
}

describe('RFC 7540 §3.2, Upgrade: h2c, a client that was told to try it', () => {
  it('asks with OPTIONS *, and its requests go from stream 3 on', async () => {
    const heads: string[] = [];
    const peers: Http2Peer[] = [];
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
      void (async () => {
        const head: Buffer[] = [];
        for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
          head.push(chunk as Buffer);
          if (Buffer.concat(head).includes('\r\n\r\n')) break;
        }
        heads.push(Buffer.concat(head).toString('latin1'));
        socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n');
        const peer = new Http2Peer(socket, 'server');
        peers.push(peer);
        peer.send(SETTINGS(), HEADERS(1, END, ':status', '204'));
        for (;;) {
          const { streamId } = await peer.frame(FrameType.HEADERS);
          peer.send(HEADERS(streamId, END, ':status', '202'));
        }
      })().catch(() => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const client = ourClient({ http2: { h2c: true, settings: { initialWindowSize: 70_000 } } });
    const answers = await Promise.all([1, 2, 3].map(() => outcome(`http://127.0.0.1:${port}/x`, client)));
    expect(answers.map(({ response }) => [response?.status, response?.version])).toEqual(answers.map(() => [202, '2']));
    expect(heads).toHaveLength(1);
    expect(heads[0]).toMatch(/^OPTIONS \* HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/);
    expect(heads[0]?.match(/http2-settings: /g)).toHaveLength(1);
    expect(heads[0]).toMatch(/connection: Upgrade, HTTP2-Settings\r\n/);
    const said = /http2-settings: ([A-Za-z0-9_-]+)\r\n/.exec(heads[0] ?? '')?.[1] ?? '';
    const [first] = peers[0]?.heard ?? [];
    const announced = (first as SettingsFrame).entries;
    const payload = Buffer.from(said, 'base64url');
    expect(announced).toContainEqual({ id: 4, value: 70_000 });
    expect(parseSettingEntries(payload)).toEqual(announced); // some may not change behind the first SETTINGS
    expect(peers[0]?.heard.filter(({ type }) => type === FrameType.HEADERS).map(({ streamId }) => streamId)).toEqual([
      3, 5, 7,
    ]);
  });

  it('a server that does not follow is spoken to in HTTP/1.1', async () => {
    const server = await rawServer(async ({ write, until }) => {
      const request = await until('\r\n\r\n');
      if (request.startsWith('OPTIONS')) return write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      write('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nold');
    });
    const client = ourClient({ http2: { h2c: true } });
    const { response, body } = await outcome(`${server.url}a`, client);
    expect([response?.version, body]).toEqual(['1.1', 'old']);
    expect(server.received.map((text) => text.split(' ', 2).join(' '))).toEqual(['OPTIONS *', 'GET /a']);
  });

  it('off, it does not ask', async () => {
    const server = await realServer(({ version }) => ({ body: version }), { h2c: true });
    expect((await outcome(server.url, ourClient())).body).toBe('1.1');
  });

  it('both sides of ours: a burst of 100 requests over one upgraded connection', async () => {
    const server = await realServer(({ version, path }) => ({ body: version + path }), { h2c: true });
    const opened = new Set<number>();
    server.server.connections$.subscribe((count) => opened.add(count));
    const client = ourClient({ http2: { h2c: true } });
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => outcome(`${server.url}/${i}`, client)));
    expect(answers.map(({ body }) => body)).toEqual(answers.map((_, i) => `2/${i}`));
    expect(Math.max(...opened)).toBe(1);
  });
});
