import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { lastValueFrom } from 'rxjs';
import { onTestFinished } from 'vitest';
import type { Handler } from '../../../src/server/respond-context.js';
import { serve } from '../../../src/server/serve.js';
import type { ServeConfig } from '../../../src/server/serve-config.js';
import type { Server } from '../../../src/server/server.js';
import type { ServerEvent } from '../../../src/server/server-event.js';

/** Our server on real sockets. */
export interface RealServer {
  readonly server: Server;
  readonly port: number;
  readonly url: string;
  readonly events: ServerEvent[];
  readonly raw: () => RawClient;
}

/** Serves on loopback until the test is over. */
export async function realServer(handler: Handler, config: ServeConfig = {}): Promise<RealServer> {
  const events: ServerEvent[] = [];
  const server = await new Promise<Server>((resolve, reject) => {
    const where = config.path === undefined ? { host: '127.0.0.1', port: 0 } : {};
    serve({ ...where, ...config }, handler).subscribe({ next: resolve, error: reject });
  });
  server.events$.subscribe((event) => events.push(event));
  onTestFinished(async () => {
    await lastValueFrom(server.close({ grace: 0 }), { defaultValue: undefined });
  });
  const { path, port = 0 } = server.address;
  const where: NetConnectOpts = path === undefined ? { host: '127.0.0.1', port } : { path };
  return {
    server,
    port,
    url: `${config.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    events,
    raw: () => new RawClient(connect({ ...where, allowHalfOpen: true })),
  };
}

/** A client that sends and receives Latin-1 as it is. */
class RawClient {
  received = '';
  readonly socket: Socket;
  readonly closed: Promise<string>;
  #changed: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    onTestFinished(() => {
      socket.destroy();
    });
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
      this.#changed.splice(0).forEach((wake) => wake());
    });
    socket.on('end', () => socket.end());
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#changed.splice(0).forEach((wake) => wake());
        resolve(this.received);
      });
    });
  }

  send(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** Waits until `text` has been received. */
  async until(text: string): Promise<string> {
    while (!this.received.includes(text)) {
      if (this.socket.destroyed)
        throw new Error(`closed before ${JSON.stringify(text)}: ${JSON.stringify(this.received)}`);
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
    return this.received;
  }

  get statuses(): number[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  }
}

/** Waits for something that no event tells. */
export async function eventually(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it never happened');
}
