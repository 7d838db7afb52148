/** Our server or client with an attacker on a real socket, and what must hold whatever the attacker did. */
import { lastValueFrom, NEVER, timeout } from 'rxjs';
import { expect, onTestFinished } from 'vitest';
import type { Http2Connection } from '../../operators/http2/connection.js';
import { createClient } from '../../src/client/create-client.js';
import type { ClientConfig } from '../../src/client/request-config.js';
import type { Handler } from '../../src/server/respond-context.js';
import type { ServeConfig } from '../../src/server/serve-config.js';
import type { ServerEvent } from '../../src/server/server-event.js';
import { realServer } from '../src/server/real-server.js';
import { frameServer, framesTo, watchConnections, watchProcess, type SocketPeer } from '../support/http2-frames.js';
import type { Settings } from '../../operators/http2/settings.js';

/** A path that is answered at once, whatever the handler under attack does. */
const WELL = '/well';

export interface Arena {
  readonly port: number;
  readonly events: ServerEvent[];
  /** Calls of the handler so far, and those whose answer has not come. */
  readonly handlers: { calls: number; running: number; most: number };
  readonly connections: Http2Connection[];
  readonly attacker: (settings?: Partial<Settings> | null) => SocketPeer;
}

/** Runs an attack on our server, then looks at what must hold. */
export async function againstServer(
  attack: (arena: Arena) => Promise<void>,
  handler: Handler = () => ({ body: 'fine' }),
  config: ServeConfig = {},
): Promise<void> {
  const uncaught = watchProcess();
  const connections = watchConnections();
  const handlers = { calls: 0, running: 0, most: 0 };
  const counted: Handler = (request) => {
    if (request.path === WELL) return { body: 'well' };
    handlers.calls++;
    return handler(request);
  };
  const { port, events, server } = await realServer(counted, config);
  const peers: SocketPeer[] = [];
  const attacker: Arena['attacker'] = (settings) => {
    const peer = framesTo(port, settings === undefined ? {} : settings);
    peers.push(peer);
    return peer;
  };
  await attack({ port, events, handlers, connections, attacker });
  const behaved = framesTo(port);
  const id = behaved.get(WELL);
  await behaved.until(() => behaved.of(id).ended, 'the answer to somebody else');
  expect(behaved.of(id).body.toString()).toBe('well');
  behaved.socket.destroy();
  for (const peer of peers) peer.socket.destroy();
  await lastValueFrom(server.close({ grace: 0 }), { defaultValue: undefined });
  await afterwards(connections, uncaught);
}

/** The promise of an answer that never comes unless told; counts as running all the while. */
export function unanswered(handlers: { running: number; most: number }, release: Promise<unknown>): Promise<never> {
  handlers.running++;
  handlers.most = Math.max(handlers.most, handlers.running);
  return release.then(() => {
    handlers.running--;
    throw new Error('released');
  });
}

/** Runs an attack on our client. */
export async function againstClient(
  talk: (peer: SocketPeer, index: number) => void,
  attack: (arena: {
    readonly url: string;
    readonly peers: SocketPeer[];
    readonly connections: Http2Connection[];
    readonly client: ReturnType<typeof createClient>;
  }) => Promise<void>,
  config: ClientConfig = {},
): Promise<void> {
  const uncaught = watchProcess();
  const connections = watchConnections();
  const { url, peers } = await frameServer(talk);
  const client = createClient(config);
  onTestFinished(() => void client.close().subscribe());
  await attack({ url, peers, connections, client });
  for (const { socket } of peers) socket.destroy();
  await lastValueFrom(client.close().pipe(timeout({ each: 5000, with: () => NEVER })), { defaultValue: undefined });
  await afterwards(connections, uncaught);
}

async function afterwards(connections: readonly Http2Connection[], uncaught: readonly unknown[]): Promise<void> {
  for (let i = 0; i < 200 && connections.some(({ state }) => state !== 'closed'); i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (const { state, lanes } of connections) {
    expect(state).toBe('closed');
    expect(lanes.credit.ledger.charged).toBe(0);
    expect(lanes.credit.ledger.items).toBe(0);
    expect(lanes.credit.held).toBe(0);
    expect(lanes.streams.size).toBe(0);
    expect(lanes.sender.waits).toBe(false);
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(uncaught).toEqual([]);
}
