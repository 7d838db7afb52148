import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { builtPackage } from '../support/built-package.js';

const GIBIBYTE = 1024 ** 3;
const MEBIBYTE = 1024 ** 2;
const CHUNK = Buffer.alloc(64 * 1024, 'x');

interface Result {
  readonly bytes: number;
  readonly growth: number;
  readonly held: number;
  readonly waited: number;
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
function measured(...args: string[]): { child: ChildProcessWithoutNullStreams; lines: AsyncIterator<string> } {
  const child = spawn(process.execPath, [join(root, 'test/backpressure/measured.mjs'), ...args], { cwd: root });
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
  return { child, lines: read() };
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done) throw new Error('the process ended without a word');
  return value;
}

/** Writes a gibibyte as fast as it is taken; counts the times the other side made it wait. */
async function pour(socket: Socket): Promise<number> {
  let stops = 0;
  for (let left = GIBIBYTE; left > 0; left -= CHUNK.length) {
    if (socket.write(CHUNK)) continue;
    stops++;
    await once(socket, 'drain');
  }
  return stops;
}

/** An origin whose every response is a gibibyte. */
async function origin(): Promise<{ url: string; stops: () => number }> {
  let stops = 0;
  const server: Server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${GIBIBYTE}\r\n\r\n`);
      void pour(socket).then(
        (count) => (stops += count),
        () => undefined,
      );
    });
    started.push({ stop: () => socket.destroy() });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  started.push({ stop: () => server.close() });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stops: () => stops };
}

function expectBounded(result: Result): void {
  expect(result.held, 'bytes held by the library').toBeLessThanOrEqual(MEBIBYTE);
  expect(result.growth, 'growth of resident memory').toBeLessThan(64 * MEBIBYTE);
  expect(result.waited, 'samples in which somebody was waited for').toBeGreaterThan(0);
}

describe('one gibibyte on real sockets', () => {
  it(
    'downloads through map and a slow holdMap: the sender stops, memory does not grow',
    { timeout: 120_000 },
    async () => {
      const { url, stops } = await origin();
      const { lines } = measured('download', `${url}/`);
      const result = JSON.parse(await nextLine(lines)) as Result;
      expect(result.bytes).toBe(GIBIBYTE);
      expectBounded(result);
      expect(stops()).toBeGreaterThan(100);
    },
  );

  it('uploads into a slow handler: the sender stops, memory does not grow', { timeout: 120_000 }, async () => {
    const { lines } = measured('upload');
    const socket = connect({ port: Number(await nextLine(lines)), host: '127.0.0.1', noDelay: true });
    started.push({ stop: () => socket.destroy() });
    socket.on('error', () => undefined);
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${GIBIBYTE}\r\n\r\n`);
    const [stops, result] = await Promise.all([
      pour(socket),
      nextLine(lines).then((line) => JSON.parse(line) as Result),
    ]);
    expect(result.bytes).toBe(GIBIBYTE);
    expectBounded(result);
    expect(stops).toBeGreaterThan(100);
  });

  it(
    'proxies in three lines to a slow reader: the origin stops, memory does not grow',
    { timeout: 120_000 },
    async () => {
      const { url, stops } = await origin();
      const { child, lines } = measured('proxy', url);
      const socket = connect({ port: Number(await nextLine(lines)), host: '127.0.0.1' });
      started.push({ stop: () => socket.destroy() });
      child.stdin.write('watch\n');
      socket.write('GET /big HTTP/1.1\r\nhost: x\r\n\r\n');
      let bytes = 0;
      let reads = 0;
      await new Promise<void>((resolve, reject) => {
        socket.on('error', reject);
        socket.on('data', (chunk) => {
          bytes += chunk.length;
          if (++reads % 64 === 0) {
            socket.pause();
            setTimeout(() => socket.resume(), 5);
          }
          if (bytes >= GIBIBYTE) resolve();
        });
      });
      child.stdin.write('report\n');
      const result = JSON.parse(await nextLine(lines)) as Result;
      expectBounded(result);
      expect(stops()).toBeGreaterThan(100);
    },
  );
});
