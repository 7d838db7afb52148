/** Connections that have not shown yet what they begin with when their server closes: decision 0027 holds for them too. */
import { connect as connectTls } from 'node:tls';
import { Duplex } from 'node:stream';
import { lastValueFrom, NEVER } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acceptWebSocket } from '../../../src/server/accept-web-socket.js';
import { memoryPair } from '../../../src/sockets/memory-socket.js';
import { certificates } from '../../support/certificates.js';
import { eventually, realServer } from './real-server.js';
import { get, inVirtualTime, VirtualClient, type World } from './world.js';

const LINE = 'PROXY TCP4 192.0.2.9 192.0.2.10 4000 443\r\n';
const PROXIED = { proxyProtocol: ['10.0.0.1'] };
const { server: certificate } = certificates();

/** A proxy that has connected, and said `text`. */
function proxy(world: World, text = ''): VirtualClient {
  const client = new VirtualClient(world.scheduler);
  world.network.connect({ host: 'server', port: 80, localAddress: '10.0.0.1' }).subscribe((socket) => {
    client.attach(socket);
    client.send(text);
  });
  return client;
}

describe('in front of a proxy', () => {
  it('who speaks in the moment after `close()` is answered, as the last', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ remote }) => ({ body: remote.address }), PROXIED);
        const client = proxy(world);
        world.at(10, () => world.server.close());
        world.at(59, () => client.send(LINE + get('/')));
        world.at(61, () => {
          expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*connection: close[^]*192\.0\.2\.9$/);
          expect(world.completedAt).toBeLessThanOrEqual(61);
        });
      },
      () => undefined,
    );
  });

  it('who does not is closed after `timeout.lastRequest`; who has no request in the moment after its header, too', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({}), { ...PROXIED, timeout: { lastRequest: 20 } });
        const silent = proxy(world);
        const header = proxy(world);
        world.at(10, () => world.server.close());
        world.at(25, () => header.send(LINE));
        world.at(100, () => {
          expect([silent.closedAt, header.closedAt]).toEqual([30, 45]);
          expect(world.completedAt).toBe(45);
        });
      },
      () => undefined,
    );
  });

  it('who had begun goes on, for as long as it may take', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({ body: 'in time' }), { ...PROXIED, timeout: { setup: 1000 } });
        const slow = proxy(world, LINE.slice(0, 10));
        const never = proxy(world, LINE.slice(0, 10));
        world.at(10, () => world.server.close());
        world.at(500, () => slow.send(LINE.slice(10) + get('/')));
        world.at(510, () => expect(slow.received.endsWith('in time')).toBe(true));
        world.at(1100, () => {
          expect(never.closedAt).toBe(1000);
          expect(world.completedAt).toBe(1000);
        });
      },
      (world) => expect(world.eventsOf('listener-error')).toMatchObject([{ error: { code: 'TIMEOUT_SETUP' } }]),
    );
  });

  it('`grace` ends it, and so does a second `close()`', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => NEVER, PROXIED);
        const begun = proxy(world, 'PROXY');
        const asked = proxy(world, LINE + get('/'));
        world.at(10, () => world.server.close({ grace: 10_000 }));
        world.at(20, () => world.server.close({ grace: 30 }));
        world.at(60, () => {
          expect([begun.closedAt, asked.closedAt]).toEqual([50, 50]);
          expect(world.completedAt).toBe(50);
        });
      },
      () => undefined,
    );
  });

  it('nobody waits for anything where nothing was on its way', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({}), PROXIED);
        world.at(10, () => world.server.close());
        world.at(11, () => expect(world.completedAt).toBe(10));
      },
      () => undefined,
    );
  });

  it('a WebSocket that begins then hears 1001 at once', () => {
    inVirtualTime(
      (world) => {
        world.serve((request) => acceptWebSocket(request, {}, (socket) => socket), PROXIED);
        const client = proxy(world);
        const upgrade = ['connection: upgrade', 'upgrade: websocket', 'sec-websocket-version: 13'];
        world.at(10, () => world.server.close());
        world.at(20, () => client.send(LINE + get('/', ...upgrade, 'sec-websocket-key: AQIDBAUGBwgJCgsMDQ4PEA==')));
        world.at(30, () => expect(client.received.endsWith('\x88\x02\x03\xe9')).toBe(true));
      },
      () => undefined,
    );
  });
});

describe('on a port for http and https', () => {
  it('the same holds for sockets that were added', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ scheme }) => ({ body: scheme }), { tls: certificate, cleartext: true });
        const clients = [0, 1].map(() => new VirtualClient(world.scheduler));
        const [speaks, silent] = clients as [VirtualClient, VirtualClient];
        world.at(0, () => {
          for (const client of clients) {
            const [near, far] = memoryPair({ scheduler: world.scheduler });
            client.attach(near);
            world.server.addSocket(far);
          }
        });
        world.at(10, () => world.server.close());
        world.at(50, () => speaks.send(get('/')));
        world.at(70, () => {
          expect(speaks.received.endsWith('http')).toBe(true);
          expect(silent.closedAt).toBe(60);
          expect(world.completedAt).toBe(60);
        });
      },
      () => undefined,
    );
  });

  it.each([true, false])(
    'real ones (http too: %s): a hello that had begun is answered, silence is not',
    async (cleartext) => {
      const config = { tls: certificate, cleartext, timeout: { lastRequest: 200 } };
      const { raw, server, events } = await realServer(({ scheme }) => ({ body: scheme }), config);
      const silent = raw();
      const halting = raw();
      const speaks = raw();
      const carrier = new Halting(halting.socket);
      const secure = connectTls({ socket: carrier, rejectUnauthorized: false });
      onTestFinished(() => void secure.destroy());
      let text = '';
      secure
        .on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
        .on('error', (error) => (text += error.message));
      await eventually(() => carrier.halted);
      // All three are accepted in the order they came, and what was sent before a fourth one is answered has arrived.
      await accepted(raw());

      const closed = lastValueFrom(server.close({ grace: 20_000 }), { defaultValue: undefined });
      speaks.send(get('/'));
      expect(await silent.closed).toBe('');
      expect((await speaks.closed).endsWith('http')).toBe(cleartext);
      carrier.go();
      secure.write(get('/'));
      await eventually(() => text.endsWith('https'));
      await closed;
      expect(events.at(-1)?.type).toBe('closed');

      async function accepted(one: ReturnType<typeof raw>): Promise<void> {
        const last = connectTls({ socket: one.socket, rejectUnauthorized: false });
        last.on('error', () => undefined);
        await new Promise((resolve) => last.once('secureConnect', resolve));
        last.destroy();
      }
    },
  );
});

describe('beside others who are read', () => {
  it('who has had more than a share of its turns is answered, as the last, though its request waits for the next', async () => {
    const dear = `GET /dear HTTP/1.1\r\nhost: x\r\nfill: ${'x'.repeat(1000)}\r\n\r\n`; // more than is never cut
    const { server, raw } = await realServer(({ target }) => {
      for (const until = performance.now() + (target === '/dear' ? 5 : 0); performance.now() < until;);
      return { body: 'ok' };
    });
    const modest = Array.from({ length: 8 }, raw);
    for (const { socket } of modest) {
      const ask = (): boolean => socket.write(get('/'));
      socket.on('data', ask);
      ask();
    }
    const greedy = raw();
    for (let i = 1; i <= 20; i++) {
      const answered = new Promise((resolve) => greedy.socket.once('data', resolve));
      greedy.send(dear);
      await answered;
    }
    greedy.send(dear);
    const closed = lastValueFrom(server.close(), { defaultValue: undefined });
    const received = await greedy.closed;
    expect(greedy.statuses).toEqual(Array.from({ length: 21 }, () => 200));
    expect(received).toMatch(/connection: close[^]*ok$/);
    await closed;
  });
});

/** Sends ten bytes and no more until it is told to go. */
class Halting extends Duplex {
  halted = false;
  readonly #socket: Duplex;
  #rest: (() => void) | undefined;

  constructor(socket: Duplex) {
    super();
    this.#socket = socket.on('data', (chunk: Buffer) => this.push(chunk)).on('close', () => this.push(null));
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    if (this.halted) return void this.#socket.write(chunk, done);
    this.#socket.write(chunk.subarray(0, 10), () => (this.halted = true));
    this.#rest = () => void this.#socket.write(chunk.subarray(10), done);
  }

  go(): void {
    this.#rest?.();
  }
}
