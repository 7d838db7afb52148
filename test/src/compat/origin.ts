import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What an origin was sent. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

export type Route = (request: IncomingMessage, response: ServerResponse) => void;

/** A server of Node's own, which has nothing of ours: routes by path, `/echo` answers with what it {@link Seen | saw}. */
export class Origin {
  readonly routes = new Map<string, Route>();
  readonly sockets = new Set<Socket>();
  /** Exchanges the client gave up: `request` before it was sent whole, `response` before it was received whole. */
  readonly aborted: string[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      response.on('close', () => {
        if (!response.writableFinished) this.aborted.push(request.url ?? '');
      });
      request.on('error', () => undefined);
      const { pathname } = new URL(request.url ?? '/', this.url);
      (this.routes.get(pathname) ?? notFound)(request, response);
    });
    this.#server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => this.sockets.delete(socket));
    });
    this.routes.set('/echo', (request, response) => void echo(request, response));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('latin1')) body += chunk;
  return body;
}

async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request).catch(() => undefined);
  if (body === undefined) return;
  const { method = '', url: path = '', headers } = request;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ method, path, headers, body } satisfies Seen));
}

function notFound(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  response.writeHead(404, { 'content-type': 'text/plain' }).end('nothing here');
}

/** A turn of the event loop, and a moment for the sockets. */
function moment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (condition()) return;
    await moment();
  }
  throw new Error(`never: ${what}`);
}

/** What a count is once it has not grown for a while. */
export async function settled(count: () => number): Promise<number> {
  for (let same = 0, last = count(); ;) {
    await moment();
    const now = count();
    same = now === last ? same + 1 : 0;
    last = now;
    if (same === 20) return now;
  }
}
