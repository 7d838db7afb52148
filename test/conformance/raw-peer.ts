import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { onTestFinished } from 'vitest';
import { text } from '../../operators/body/text.js';
import { createClient } from '../../src/client/create-client.js';
import type { ClientConfig, RequestConfig } from '../../src/client/request-config.js';
import type { Response } from '../../src/client/response.js';
import { serve } from '../../src/server/serve.js';
import type { ServerRequest } from '../../src/server/server-request.js';

const LOCAL = '127.0.0.1';
const PATIENCE = 5000;

type Handler = Parameters<typeof serve>[1];
type ServeConfig = Parameters<typeof serve>[0];

/** Our server, with the requests its handler was given. */
export interface ServerUnderTest {
  readonly port: number;
  readonly requests: ServerRequest[];
  /** Sends bytes as they are (Latin-1) and gives all that comes back until our server closes. */
  readonly send: (...pieces: string[]) => Promise<string>;
}

/** Our server on loopback, closed when the test is over. */
export async function ourServer(
  respond: (request: ServerRequest) => ReturnType<Handler> = () => ({ body: 'fine' }),
  config: ServeConfig = {},
): Promise<ServerUnderTest> {
  const requests: ServerRequest[] = [];
  const handler = (request: ServerRequest): ReturnType<Handler> => {
    requests.push(request);
    return respond(request);
  };
  const server = await new Promise<{ port: number; stop(): Promise<unknown> }>((resolve, reject) => {
    const running = serve({ host: LOCAL, port: 0, ...config }, handler).subscribe({
      next: (listening) => {
        const { address } = listening;
        const stop = async () => {
          await lastValueFrom(listening.close({ grace: 0 }), { defaultValue: undefined });
          running.unsubscribe();
        };
        resolve({ port: (address as { port: number }).port, stop });
      },
      error: reject,
    });
  });
  onTestFinished(async () => {
    await server.stop();
  });
  return { port: server.port, requests, send: (...pieces) => sendRaw(server.port, pieces) };
}

async function sendRaw(port: number, pieces: readonly string[]): Promise<string> {
  const socket = connect({ host: LOCAL, port, noDelay: true });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined); // a reset after the answer is as good as an end
  const closed = once(socket, 'close');
  for (const [i, piece] of pieces.entries()) {
    if (i > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    socket.write(piece, 'latin1');
  }
  const timer = setTimeout(() => socket.destroy(new Error('no patience')), PATIENCE);
  socket.once('end', () => socket.end());
  await closed;
  clearTimeout(timer);
  if (socket.errored?.message === 'no patience') {
    throw new Error(`still open after ${JSON.stringify(Buffer.concat(chunks).toString('latin1'))}`);
  }
  return Buffer.concat(chunks).toString('latin1');
}

/** The status lines in what a server sent, in order. */
export function statusesIn(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status));
}

/** A server of bytes: for each connection, `talk` is given the socket and a way to wait for more of what it received. */
export interface RawServer {
  readonly url: string;
  /** What came in on each connection so far. */
  readonly received: string[];
  /** Connections on which our client has closed, or sent FIN. */
  readonly ended: (connection?: number) => Promise<void>;
}

export interface RawConnection {
  readonly socket: Socket;
  readonly index: number;
  readonly write: (text: string) => void;
  /** Resolves when what was received contains `part` for the `count`th time. */
  readonly until: (part: string, count?: number) => Promise<string>;
}

export async function rawServer(talk: (connection: RawConnection) => void | Promise<void>): Promise<RawServer> {
  const received: string[] = [];
  const ends: Promise<unknown>[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const index = received.push('') - 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    ends.push(Promise.race([once(socket, 'end'), once(socket, 'close')]));
    let waiting: (() => void)[] = [];
    socket.on('data', (chunk) => {
      received[index] += chunk.toString('latin1');
      for (const check of waiting) check();
    });
    const until = (part: string, count = 1): Promise<string> =>
      new Promise((resolve) => {
        const check = (): void => {
          if ((received[index] as string).split(part).length <= count) return;
          waiting = waiting.filter((other) => other !== check);
          resolve(received[index] as string);
        };
        waiting.push(check);
        check();
      });
    void talk({ socket, index, write: (text) => void socket.write(text, 'latin1'), until });
  });
  server.listen(0, LOCAL);
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `http://${LOCAL}:${(server.address() as AddressInfo).port}/`,
    received,
    ended: async (connection = 0) => void (await ends[connection]),
  };
}

/** A raw server that answers every request head with the same bytes, and ends the connection after them if told so. */
export function answering(bytes: string, { end = false } = {}): Promise<RawServer> {
  return rawServer(async ({ socket, write, until }) => {
    for (let count = 1; !socket.destroyed; count++) {
      await until('\r\n\r\n', count);
      write(bytes);
      if (end) return void socket.end();
    }
  });
}

/** A client of our own, closed when the test is over; it does not wait long. */
export function ourClient(config: ClientConfig = {}): ReturnType<typeof createClient> {
  const client = createClient({ timeout: { head: 3000, idle: 3000, connect: 3000 }, ...config });
  onTestFinished(() => void client.close().subscribe());
  return client;
}

export interface Outcome {
  readonly response?: Response;
  readonly body?: string;
  /** The code of the error, wherever it came. */
  readonly code?: string;
}

/** One request of ours: its response and body, or the code of its error. */
export async function outcome(config: RequestConfig | string, client = ourClient()): Promise<Outcome> {
  let response: Response | undefined;
  try {
    response = await firstValueFrom(client.request(config));
    const body = await firstValueFrom(response.body.pipe(text()));
    return { response, body };
  } catch (error) {
    return { ...(response ? { response } : {}), code: (error as { code: string }).code };
  }
}

/** A final answer of a server, for tests that look at requests. */
export const NO_CONTENT = 'HTTP/1.1 204 No Content\r\n\r\n';
