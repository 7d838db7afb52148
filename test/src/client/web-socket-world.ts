import { type SchedulerLike, type Subscription } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { expect } from 'vitest';
import { WebSocketDecoder } from '../../../operators/websocket/decoder.js';
import { webSocketAccept } from '../../../operators/websocket/handshake-key.js';
import type { WebSocketMessage } from '../../../operators/websocket/message.js';
import { WebSocketOpcode } from '../../../operators/websocket/opcode.js';
import { createClient } from '../../../src/client/create-client.js';
import type { WebSocketConfig } from '../../../src/client/web-socket-config.js';
import { webSocketOver } from '../../../src/client/web-socket-over.js';
import type { WebSocketStatus } from '../../../src/connections/web-socket-status.js';
import type { WebSocketSubject } from '../../../src/connections/web-socket-subject.js';
import type { AcceptWebSocketConfig, WebSocketHandler } from '../../../src/server/accept-web-socket-config.js';
import { acceptWebSocket } from '../../../src/server/accept-web-socket.js';
import type { ServeConfig } from '../../../src/server/serve-config.js';
import type { Server } from '../../../src/server/server.js';
import type { ServerEvent } from '../../../src/server/server-event.js';
import { serve } from '../../../src/server/serve.js';
import type { ByteDuplex } from '../../../src/sockets/byte-duplex.js';
import { memoryNetwork, type MemoryNetworkConfig } from '../../../src/sockets/memory.js';

/** A peer driven by hand behind its handshake: what it heard, frame by frame. */
export class RawPeer {
  readonly socket: ByteDuplex;
  /** The head of the request. */
  head = '';
  readonly heard: string[] = [];
  /** Told each frame. */
  onHeard: ((frame: string) => void) | undefined = undefined;
  endedAt: number | undefined;
  failedAt: number | undefined;
  readonly #decoder = new WebSocketDecoder({
    role: 'server',
    maxMessageSize: 2 ** 30,
    maxFragments: 2 ** 20,
    compressed: true,
  });

  constructor(socket: ByteDuplex, scheduler: SchedulerLike, answer: (peer: RawPeer) => void) {
    this.socket = socket;
    socket.subscribe({
      next: (chunk) => {
        if (this.head.endsWith('\r\n\r\n')) return this.#frames(chunk);
        this.head += Buffer.from(chunk).toString('latin1');
        if (this.head.endsWith('\r\n\r\n')) answer(this);
      },
      error: () => (this.failedAt = scheduler.now()),
      complete: () => (this.endedAt = scheduler.now()),
    });
  }

  header(name: string): string | undefined {
    return new RegExp(`^${name}: (.*)\\r$`, 'im').exec(this.head)?.[1];
  }

  accept(...lines: string[]): void {
    const accept = webSocketAccept(this.header('sec-websocket-key') ?? '');
    const head = ['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: Upgrade'];
    this.text([...head, `sec-websocket-accept: ${accept}`, ...lines, '', ''].join('\r\n'));
  }

  text(text: string): void {
    this.socket.next(Buffer.from(text, 'latin1'));
  }

  send(...frames: readonly Uint8Array[]): void {
    this.socket.next(Buffer.concat(frames));
  }

  #frames(chunk: Uint8Array): void {
    const decoder = this.#decoder;
    decoder.push(Uint8Array.from(chunk));
    while (decoder.read()) {
      const { opcode, bytes, start, end, fin, first, last } = decoder;
      if (!first || !last) continue;
      const payload = Buffer.from(bytes.subarray(start, end));
      const name = Object.entries(WebSocketOpcode).find(([, code]) => code === opcode)?.[0] ?? '?';
      const shown = opcode === WebSocketOpcode.TEXT ? payload.toString() : payload.length > 40 ? `${payload.length} bytes` : payload.toString('hex'); // prettier-ignore
      const line = `${name}${fin ? '' : '…'} ${shown}`.trimEnd();
      this.heard.push(line);
      this.onHeard?.(line);
    }
  }
}

/** A client, and servers of ours or raw ones, in memory and virtual time. */
export class WebSocketWorld {
  readonly scheduler: SchedulerLike;
  readonly network;
  readonly client;
  readonly log: string[] = [];
  readonly peers: RawPeer[] = [];
  readonly events: ServerEvent[] = [];
  server: Server | undefined;
  serverClosedAt: number | undefined;

  constructor(scheduler: SchedulerLike, config: MemoryNetworkConfig) {
    this.scheduler = scheduler;
    this.network = memoryNetwork({ scheduler, ...config });
    this.client = createClient({ network: this.network, scheduler });
  }

  get now(): number {
    return this.scheduler.now();
  }

  at(milliseconds: number, work: () => void): void {
    this.scheduler.schedule(work, milliseconds - this.scheduler.now());
  }

  /** A server of ours at port 80. */
  serve<In = WebSocketMessage, Out = In>(
    handler: WebSocketHandler<In, Out>,
    config: AcceptWebSocketConfig<In, Out> = {},
    more: ServeConfig = {},
  ): void {
    const { network, scheduler } = this;
    serve({ port: 80, network, scheduler, ...more }, (request) =>
      acceptWebSocket(request, { scheduler, ...config }, handler),
    ).subscribe({
      next: (server) => {
        this.server = server;
        server.events$.subscribe((event) => this.events.push(event));
      },
      complete: () => (this.serverClosedAt = this.now),
    });
  }

  /** A server at port 80 that accepts, or answers as told, and then does as it is told. */
  raw(answer: (peer: RawPeer) => void = (peer) => peer.accept()): void {
    this.network
      .listen({ port: 80 })
      .subscribe(({ connections }) =>
        connections.subscribe((socket) => this.peers.push(new RawPeer(socket, this.scheduler, answer))),
      );
  }

  open<In = WebSocketMessage, Out = In>(config: Partial<WebSocketConfig<In, Out>> = {}): WebSocketSubject<In, Out> {
    const request = (given: Parameters<typeof this.client.request>[0]) => this.client.request(given);
    return webSocketOver<In, Out>(request, { url: 'ws://server/', ...config }, this.scheduler);
  }

  /** Notes with the time what comes from a socket, and its states. */
  watch<In, Out>(socket: WebSocketSubject<In, Out>, name = ''): void {
    socket.state$.subscribe((status) => this.note(`${name}${showStatus(status)}`));
  }

  read<In, Out>(socket: WebSocketSubject<In, Out>, name = ''): Subscription {
    return socket.subscribe({
      next: (value) => this.note(`${name}got ${show(value)}`),
      error: (error: { code?: string; message: string }) => this.note(`${name}error ${error.code ?? error.message}`),
      complete: () => this.note(`${name}complete`),
    });
  }

  note(text: string): void {
    this.log.push(`${this.now} ${text}`);
  }
}

export function show(value: unknown): string {
  if (value instanceof Uint8Array)
    return value.length > 20 ? `${value.length} bytes` : Buffer.from(value).toString('hex');
  return typeof value === 'string' && value.length > 20 ? `${value.length} letters` : JSON.stringify(value);
}

export function showStatus(status: WebSocketStatus): string {
  switch (status.state) {
    case 'open':
      return `open${status.protocol === '' ? '' : ` ${status.protocol}`}`;
    case 'closing':
      return `closing by ${status.by}`;
    case 'closed':
      return `closed by ${status.by} ${status.code}${status.reason === '' ? '' : ` ${status.reason}`}${status.clean ? '' : ' unclean'}`;
    default:
      return status.state;
  }
}

const END_OF_TIME = 1_000_000;

/** Runs `body`, then all of its time, then `afterwards` with the log. Our server has to be empty then. */
export function inWebSocketWorld(
  body: (world: WebSocketWorld) => void,
  afterwards: (world: WebSocketWorld) => void = () => undefined,
  config: MemoryNetworkConfig = {},
): WebSocketWorld {
  const scheduler = new TestScheduler(() => undefined);
  let world!: WebSocketWorld;
  scheduler.run(({ flush }) => {
    world = new WebSocketWorld(scheduler, config);
    body(world);
    world.at(END_OF_TIME, () => {
      world.client.close().subscribe();
      world.server?.close({ grace: 0 });
      scheduler.actions.splice(0);
    });
    flush();
    if (world.server !== undefined) {
      world.server.close({ grace: 0 });
      flush();
      expect(world.serverClosedAt).toBeDefined();
    }
    afterwards(world);
  });
  return world;
}
