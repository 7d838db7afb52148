import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { firstValueFrom, lastValueFrom, map, mergeMap, NEVER, range, switchMap, tap, toArray } from 'rxjs';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bytes } from '../../operators/body/bytes.js';
import { hold } from '../../operators/core/deliver.js';
import { createClient } from '../../src/client/create-client.js';
import { builtPackage } from '../support/built-package.js';
import { watchConnections } from '../support/http2-frames.js';
import { realServer } from '../src/server/real-server.js';

const GIBIBYTE = 1024 ** 3;
const MEBIBYTE = 1024 ** 2;
const CHUNK = Buffer.alloc(64 * 1024, 'x');
const WINDOW = 262_144;

describe('100 streams on one connection, one of them held for ever', () => {
  it('client: the other 99 finish, the held one buffers at most its window', async () => {
    const connections = watchConnections();
    const body = Buffer.alloc(2 * MEBIBYTE, 'y');
    const server = await realServer(() => ({ body }));
    const client = createClient({ http2: { settings: { initialWindowSize: WINDOW } } });
    const url = { url: server.url, version: '2' } as const;
    const held = await firstValueFrom(client.request(url));
    let kept = 0;
    held.body.subscribe({
      next: (chunk) => {
        kept += chunk.length;
        hold(); // and never lets go
      },
      error: () => undefined,
    });
    const lengths = await lastValueFrom(
      range(99).pipe(
        mergeMap(() => client.request(url).pipe(switchMap((response) => response.body.pipe(bytes())))),
        map(({ length }) => length),
        toArray(),
      ),
    );
    expect(lengths).toEqual(Array.from({ length: 99 }, () => body.length));
    expect(kept).toBe(WINDOW);
    const ours = connections.find(({ role }) => role === 'client');
    expect(connections.filter(({ role }) => role === 'client')).toHaveLength(1);
    expect(ours?.lanes.credit.held).toBe(WINDOW);
    expect(ours?.lanes.streams.size).toBe(1);
    for (const connection of connections) connection.destroy(new Error('over'));
  });

  it('server: the same for uploads', async () => {
    const connections = watchConnections();
    const server = await realServer((request) =>
      request.path === '/held'
        ? request.body.pipe(
            tap(() => hold()),
            switchMap(() => NEVER),
          )
        : request.body.pipe(
            bytes(),
            map(({ length }) => ({ body: String(length) })),
          ),
    );
    const client = createClient();
    const upload = { url: server.url, version: '2', method: 'POST', body: Buffer.alloc(MEBIBYTE, 'y') } as const;
    client.request({ ...upload, url: `${server.url}/held` }).subscribe({ error: () => undefined });
    const answers = await lastValueFrom(
      range(99).pipe(
        mergeMap(() => client.request(upload).pipe(switchMap((response) => response.body.pipe(bytes())))),
        map((answer) => Number(Buffer.from(answer).toString())),
        toArray(),
      ),
    );
    expect(answers).toEqual(Array.from({ length: 99 }, () => MEBIBYTE));
    const ours = connections.find(({ role }) => role === 'server');
    expect(ours?.lanes.credit.held).toBeGreaterThan(0);
    expect(ours?.lanes.credit.held).toBeLessThanOrEqual(WINDOW);
    for (const connection of connections) connection.destroy(new Error('over'));
  });
});

describe('a gibibyte through the proxy in three lines', () => {
  let root = '';
  beforeAll(async () => {
    root = await builtPackage();
  }, 180_000);

  /** The proxy in a process of its own; its port, and a way to have its figures. */
  async function proxyTo(
    origin: string,
    version: '1.1' | '2',
  ): Promise<{ port: number; report: () => Promise<{ growth: number; held: number; waited: number }> }> {
    const child = spawn(process.execPath, [join(root, 'test/backpressure/measured-http2.mjs'), origin, version], {
      cwd: root,
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    child.stderr.pipe(process.stderr);
    const line = async (): Promise<string> => String((await once(child.stdout, 'data'))[0]);
    const port = Number(await line());
    const report = async (): Promise<{ growth: number; held: number; waited: number }> => {
      child.stdin.write('report\n');
      return JSON.parse(await line()) as { growth: number; held: number; waited: number };
    };
    return { port, report };
  }

  function expectBounded({ growth, held, waited }: { growth: number; held: number; waited: number }): void {
    expect(held, 'bytes held by the library').toBeLessThanOrEqual(MEBIBYTE);
    expect(growth, 'growth of resident memory').toBeLessThan(64 * MEBIBYTE);
    expect(waited, 'samples in which somebody was waited for').toBeGreaterThan(0);
  }

  /** Writes a gibibyte as fast as it is taken; counts the times it had to wait. */
  async function pour(to: NodeJS.WritableStream): Promise<number> {
    let stops = 0;
    for (let left = GIBIBYTE; left > 0; left -= CHUNK.length) {
      if (to.write(CHUNK)) continue;
      stops++;
      await once(to, 'drain');
    }
    return stops;
  }

  /** Reads a gibibyte, resting now and then for longer than the buffers of kernels last. */
  function drink(from: NodeJS.ReadableStream): Promise<void> {
    let total = 0;
    let rest = 32 * MEBIBYTE;
    return new Promise((resolve, reject) => {
      from.on('error', reject);
      from.on('end', () => total < GIBIBYTE && reject(new Error(`ended after ${total} bytes`)));
      from.on('data', (chunk: Buffer) => {
        total += chunk.length;
        if (total >= rest) {
          rest += 32 * MEBIBYTE;
          from.pause();
          setTimeout(() => from.resume(), 100);
        }
        if (total >= GIBIBYTE) resolve();
      });
    });
  }

  it('from HTTP/1 to a slow reader over HTTP/2', { timeout: 120_000 }, async () => {
    let stops = 0;
    const origin = createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${GIBIBYTE}\r\n\r\n`);
        void pour(socket).then(
          (count) => (stops = count),
          () => undefined,
        );
      });
    });
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void origin.close());
    const { port, report } = await proxyTo(`http://127.0.0.1:${(origin.address() as AddressInfo).port}`, '1.1');
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    onTestFinished(() => session.destroy());
    session.on('error', () => undefined);
    const request = session.request({ ':path': '/big' });
    await drink(request);
    expectBounded(await report());
    expect(stops).toBeGreaterThan(100);
  });

  it('from HTTP/2 to a slow reader over HTTP/1', { timeout: 120_000 }, async () => {
    function* gibibyte(): Generator<Uint8Array> {
      for (let made = 0; made < GIBIBYTE; made += CHUNK.length) yield CHUNK;
    }
    const origin = await realServer(() => ({ fields: { 'content-length': String(GIBIBYTE) }, body: gibibyte() }));
    const waits: number[] = [];
    const looking = origin.server.stats$.subscribe(({ waitingFor }) => waits.push(waitingFor.peer.count));
    onTestFinished(() => looking.unsubscribe());
    const { port, report } = await proxyTo(origin.url, '2');
    const socket = connect({ port, host: '127.0.0.1' });
    onTestFinished(() => void socket.destroy());
    socket.write('GET /big HTTP/1.1\r\nhost: x\r\n\r\n');
    await drink(socket);
    expectBounded(await report());
    expect(waits.some((count) => count > 0)).toBe(true);
  });
});
