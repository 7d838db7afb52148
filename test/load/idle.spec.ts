/** What an idle connection weighs: of the heap of its server, which is measured, and not of the resident set, which is rounded. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { builtPackage } from '../support/built-package.js';
import { startProcess, type Peer } from '../support/peers.js';

const CONNECTIONS = 1000;
const GET = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';
const HANDSHAKE =
  'GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const MESSAGE = Buffer.from('81810000000078', 'hex');

beforeAll(async () => {
  await builtPackage();
}, 180_000);

/** A connection that was of use, twice, and is no longer. */
async function idle(port: number, first: string, second: string | Buffer): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  for (const bytes of [first, second]) {
    socket.write(bytes);
    await once(socket, 'data');
  }
  return socket;
}

/** Bytes of its heap that are in use. */
async function heap(server: Peer): Promise<number> {
  const before = server.output();
  process.kill(server.pid, 'SIGUSR2');
  while (!/\n\d+\n$/.test(server.output().slice(before.length - 1)))
    await new Promise((resolve) => setTimeout(resolve, 5));
  return Number(server.output().trim().split('\n').at(-1));
}

describe('an idle connection keeps less of the heap than', () => {
  it.each([
    ['6 KiB, over HTTP/1.1', 6144, 'http', GET, GET],
    ['9 KiB, as a WebSocket whose handler has subscribed', 9216, 'subscribes', HANDSHAKE, MESSAGE],
    ['10 KiB, as a WebSocket whose handler has returned what to send', 10_240, 'returns', HANDSHAKE, MESSAGE],
  ])(
    '%s',
    async (_, most, kind, first, second) => {
      const server = await startProcess(
        process.execPath,
        ['--expose-gc', join(import.meta.dirname, 'idle-server.mjs'), kind],
        { ready: /^\d+\n/, timeout: 30_000 },
      );
      onTestFinished(() => server.stop());
      const port = Number.parseInt(server.output(), 10);
      const sockets: Socket[] = [];
      onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
      const open = async (count: number): Promise<void> => {
        while (count-- > 0) sockets.push(await idle(port, first, second));
      };
      await open(300); // what is compiled and grows with the first
      const before = await heap(server);
      await open(CONNECTIONS);
      const each = ((await heap(server)) - before) / CONNECTIONS;
      expect(each).toBeGreaterThan(1000);
      expect(each).toBeLessThan(most);
    },
    120_000,
  );
});
