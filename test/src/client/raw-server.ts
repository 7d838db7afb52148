import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach } from 'vitest';

/** A server that speaks whatever bytes the test says; counts what it was sent. */
export interface RawServer {
  readonly url: string;
  readonly port: number;
  readonly sockets: Socket[];
  /** All that was received, connection by connection. */
  readonly received: string[];
  close(): Promise<void>;
}

const open = new Set<RawServer>();

afterEach(async () => {
  await Promise.all([...open].map((server) => server.close()));
  open.clear();
});

/** `answer` is called with each request head (up to its empty line) and the connection it came on. */
export async function rawServer(
  answer: (head: string, socket: Socket, index: number) => string | Uint8Array | undefined,
): Promise<RawServer> {
  const sockets: Socket[] = [];
  const received: string[] = [];
  const server: Server = createServer((socket) => {
    const connection = sockets.push(socket) - 1;
    received.push('');
    let pending = '';
    let index = 0;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      received[connection] += chunk.toString('latin1');
      pending += chunk.toString('latin1');
      for (let at = pending.indexOf('\r\n\r\n'); at >= 0; at = pending.indexOf('\r\n\r\n')) {
        const head = pending.slice(0, at + 4);
        pending = pending.slice(at + 4);
        const reply = answer(head, socket, index++);
        if (reply !== undefined && !socket.destroyed) socket.write(reply);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const raw: RawServer = {
    url: `http://127.0.0.1:${port}`,
    port,
    sockets,
    received,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  open.add(raw);
  return raw;
}

export const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** Lets what is under way happen: a few turns of the event loop. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`never: ${what}`);
}
