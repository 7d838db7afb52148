import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { webSocketAccept } from '../../operators/websocket/handshake-key.js';
import { builtPackage } from '../support/built-package.js';

const GIBIBYTE = 1024 ** 3;
const MEBIBYTE = 1024 ** 2;
const SIZE = 64 * 1024;
const FRAMES = GIBIBYTE / SIZE;
const TIMEOUT = { timeout: 180_000 };

interface Result {
  readonly bytes: number;
  readonly growth: number;
  readonly held: number;
}

let root = '';
const started: { stop(): void }[] = [];

beforeAll(async () => {
  root = await builtPackage();
}, 180_000);

afterEach(() => {
  for (const each of started.splice(0)) each.stop();
});

/** Our side, in a process of its own whose memory is measured. */
function measured(...args: string[]): AsyncIterator<string> {
  const script = join(root, 'test/backpressure/measured-websocket.mjs');
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [script, ...args], { cwd: root });
  started.push({ stop: () => child.kill('SIGKILL') });
  child.stderr.pipe(process.stderr);
  async function* read(): AsyncGenerator<string> {
    let pending = '';
    for await (const chunk of child.stdout) {
      pending += String(chunk);
      for (let at = pending.indexOf('\n'); at >= 0; at = pending.indexOf('\n')) {
        yield pending.slice(0, at);
        pending = pending.slice(at + 1);
      }
    }
  }
  return read();
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done) throw new Error('the process ended without a word');
  return value;
}

/** One frame of 64 KiB. @param masked by a key of zeros */
function frame(first: number, masked: boolean): Buffer {
  const header = Buffer.alloc(masked ? 14 : 10);
  header[0] = first;
  header[1] = masked ? 0xff : 0x7f;
  header.writeBigUInt64BE(BigInt(SIZE), 2);
  return Buffer.concat([header, Buffer.alloc(SIZE, 'x')]);
}

/** Writes frames as fast as they are taken, then a Close frame; counts the times the other side made it wait. */
async function pour(socket: Socket, kind: 'messages' | 'fragments', masked: boolean): Promise<number> {
  const frames = kind === 'messages' ? [0x82, 0x82, 0x82] : [0x02, 0x00, 0x80];
  const [first, middle, last] = frames.map((byte) => frame(byte, masked)) as [Buffer, Buffer, Buffer];
  let stops = 0;
  for (let i = 0; i < FRAMES; i++) {
    if (socket.write(i === 0 ? first : i === FRAMES - 1 ? last : middle)) continue;
    stops++;
    await once(socket, 'drain');
  }
  socket.write(masked ? Buffer.from('888200000000' + '03e8', 'hex') : Buffer.from('880203e8', 'hex'));
  return stops;
}

/** Takes all bytes, slowly, until `bytes` have come, then answers the Close frame with the same. */
function drink(socket: Socket, closing: Buffer): Promise<number> {
  let bytes = 0;
  let reads = 0;
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (++reads % 64 === 0) {
        socket.pause();
        setTimeout(() => socket.resume(), 5);
      }
      if (bytes < GIBIBYTE) return;
      socket.write(closing);
      resolve(bytes);
    });
  });
}

const head = (key: string): string =>
  `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${webSocketAccept(key)}\r\n\r\n`;

/** A server that shakes hands and hands over the socket. */
async function peer(accepted: (socket: Socket) => void): Promise<string> {
  const server = createServer({ noDelay: true }, (socket) => {
    started.push({ stop: () => socket.destroy() });
    socket.once('data', (chunk) => {
      const key = /sec-websocket-key: (.*)\r\n/i.exec(String(chunk))?.[1] as string;
      socket.write(head(key));
      accepted(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  started.push({ stop: () => server.close() });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** A client that shakes hands. */
async function join101(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  started.push({ stop: () => socket.destroy() });
  socket.write(
    'GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(String(answer)).toContain('101');
  return socket;
}

function expectBounded(result: Result): void {
  expect(result.bytes).toBe(GIBIBYTE);
  expect(result.held, 'bytes held by the library').toBeLessThanOrEqual(MEBIBYTE);
  expect(result.growth, 'growth of resident memory').toBeLessThan(64 * MEBIBYTE);
}

describe('one gibibyte over a WebSocket, on real sockets', () => {
  it('messages into a slow consumer of the client: the sender stops, memory does not grow', TIMEOUT, async () => {
    let stops = 0;
    const url = await peer((socket) => {
      socket.on('error', () => undefined);
      void pour(socket, 'messages', false).then((count) => (stops = count));
    });
    expectBounded(JSON.parse(await nextLine(measured('receive', url))) as Result);
    expect(stops).toBeGreaterThan(100);
  });

  it('one message into a slow consumer of the server, as a body: the same', TIMEOUT, async () => {
    const lines = measured('serve-receive');
    const socket = await join101(Number(await nextLine(lines)));
    socket.on('error', () => undefined);
    const [stops, line] = await Promise.all([pour(socket, 'fragments', true), nextLine(lines)]);
    expectBounded(JSON.parse(line) as Result);
    expect(stops).toBeGreaterThan(100);
  });

  it('one message of fragments from the client to a slow reader: the source is pulled no faster', TIMEOUT, async () => {
    const url = await peer((socket) => void drink(socket, Buffer.from('880203e8', 'hex')));
    expectBounded(JSON.parse(await nextLine(measured('send', url))) as Result);
  });

  it('messages from the handler of a server to a slow reader: the same', TIMEOUT, async () => {
    const lines = measured('serve-send');
    const socket = await join101(Number(await nextLine(lines)));
    const [bytes, line] = await Promise.all([drink(socket, Buffer.from('88820000000003e8', 'hex')), nextLine(lines)]);
    expect(bytes).toBeGreaterThan(GIBIBYTE);
    expectBounded(JSON.parse(line) as Result);
  });
});
