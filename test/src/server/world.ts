import { map, tap, type SchedulerLike } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { expect } from 'vitest';
import type { ByteDuplex } from '../../../src/sockets/byte-duplex.js';
import { memoryNetwork, type MemoryNetworkConfig } from '../../../src/sockets/memory.js';
import type { Listener, Network } from '../../../src/sockets/network.js';
import type { Handler } from '../../../src/server/respond-context.js';
import { serve } from '../../../src/server/serve.js';
import type { ServeConfig } from '../../../src/server/serve-config.js';
import type { Server } from '../../../src/server/server.js';
import type { ServerEvent } from '../../../src/server/server-event.js';

/** A client in memory that sends and receives Latin-1. */
export class VirtualClient {
  received = '';
  /** When the server ended its direction, and when the connection broke. Virtual milliseconds. */
  endedAt: number | undefined;
  failedAt: number | undefined;
  socket!: ByteDuplex;
  readonly #scheduler: SchedulerLike;

  constructor(scheduler: SchedulerLike) {
    this.#scheduler = scheduler;
  }

  send(text: string): void {
    this.socket.next(Buffer.from(text, 'latin1'));
  }

  attach(socket: ByteDuplex, onChunk?: (chunk: Uint8Array) => void): void {
    this.socket = socket;
    socket.subscribe({
      next: (chunk) => {
        this.received += Buffer.from(chunk).toString('latin1');
        onChunk?.(chunk);
      },
      error: () => {
        this.failedAt = this.#scheduler.now();
      },
      complete: () => {
        this.endedAt = this.#scheduler.now();
        socket.complete();
      },
    });
  }

  /** When the server was done with it, whichever way. */
  get closedAt(): number | undefined {
    return this.failedAt ?? this.endedAt;
  }

  get statuses(): number[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  }
}

/** A server and its clients on a network in memory, in virtual time. */
export class World {
  readonly scheduler: SchedulerLike;
  readonly network;
  readonly events: ServerEvent[] = [];
  /** The server's ends of all connections. */
  readonly sockets: ByteDuplex[] = [];
  server!: Server;
  completedAt: number | undefined;
  stop!: () => void;
  readonly #port = 80;

  constructor(scheduler: SchedulerLike, config: MemoryNetworkConfig = {}) {
    this.scheduler = scheduler;
    this.network = memoryNetwork({ scheduler, ...config });
  }

  at(milliseconds: number, work: () => void): void {
    this.scheduler.schedule(work, milliseconds - this.scheduler.now());
  }

  serve(handler: Handler, config: ServeConfig = {}): void {
    const { network } = this;
    const watched: Network = {
      ...network,
      listen: (listenConfig) => network.listen(listenConfig).pipe(map((listener) => this.#watch(listener))),
    };
    const subscription = serve(
      { port: this.#port, network: watched, scheduler: this.scheduler, ...config },
      handler,
    ).subscribe({
      next: (server) => {
        this.server = server;
        server.events$.subscribe((event) => this.events.push(event));
      },
      complete: () => {
        this.completedAt = this.scheduler.now();
      },
    });
    this.stop = () => subscription.unsubscribe();
  }

  /** Connects at time 0 and then sends `text`. */
  connect(text?: string, onChunk?: (chunk: Uint8Array) => void): VirtualClient {
    const client = new VirtualClient(this.scheduler);
    this.network.connect({ host: 'server', port: this.#port }).subscribe((socket) => {
      client.attach(socket, onChunk);
      if (text !== undefined) client.send(text);
    });
    return client;
  }

  #watch(listener: Listener): Listener {
    const connections = listener.connections.pipe(tap((socket) => this.sockets.push(socket)));
    return new Proxy(listener, {
      get: (target, name) => {
        if (name === 'connections') return connections;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  eventTypes(): string[] {
    return this.events.map(({ type }) => type);
  }

  eventsOf<Type extends ServerEvent['type']>(type: Type): Extract<ServerEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<ServerEvent, { type: Type }> => event.type === type);
  }
}

const END_OF_TIME = 1_000_000;

/** Runs `body` with a world, then all of its time, then `afterwards`. Nothing may be left: no connection, no bytes. */
export function inVirtualTime(
  body: (world: World) => void,
  afterwards: (world: World) => void,
  config?: MemoryNetworkConfig,
): void {
  const scheduler = new TestScheduler(() => undefined);
  scheduler.run(({ flush }) => {
    const world = new World(scheduler, config);
    body(world);
    world.at(END_OF_TIME, () => world.server.close({ grace: 0 }));
    flush();
    afterwards(world);
    world.server.close({ grace: 0 });
    flush();
    expect(world.completedAt).toBeDefined();
    for (const socket of world.sockets) expect(socket.heldBytes).toBe(0);
  });
}

/** A GET without a body. */
export function get(path: string, ...lines: string[]): string {
  return [`GET ${path} HTTP/1.1`, 'host: server', ...lines, '', ''].join('\r\n');
}

/** A POST with Content-Length and as much of the body as is given. */
export function post(path: string, length: number, body = ''): string {
  return `POST ${path} HTTP/1.1\r\nhost: server\r\ncontent-length: ${length}\r\n\r\n${body}`;
}
