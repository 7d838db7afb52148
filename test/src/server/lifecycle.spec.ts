import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concat, delay, filter, firstValueFrom, lastValueFrom, NEVER, of, Subject } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UsageError } from '../../../operators/core/protocol-error.js';
import { FrameType } from '../../../operators/http2/frame-type.js';
import { webSocket } from '../../../src/client/web-socket.js';
import { acceptWebSocket } from '../../../src/server/accept-web-socket.js';
import { memoryPair } from '../../../src/sockets/memory-socket.js';
import { serve } from '../../../src/server/serve.js';
import type { ServeConfig } from '../../../src/server/serve-config.js';
import type { ServerResponse } from '../../../src/server/server-response.js';
import { framesTo, VirtualPeer } from '../../support/http2-frames.js';
import { eventually, realServer } from './real-server.js';
import { get, inVirtualTime, post, VirtualClient } from './world.js';

describe('graceful close', () => {
  it('busy connections answer with `connection: close`, then close; idle ones 50 ms later; no new one', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => of({ body: 'late' }).pipe(delay(100)));
        const idle = world.connect();
        const busy = world.connect(get('/'));
        const pipelined = world.connect(get('/').repeat(3));
        world.at(50, () => world.server.close());
        world.at(51, () => {
          expect(idle.closedAt).toBeUndefined();
          expect(busy.closedAt).toBeUndefined();
          expect(world.completedAt).toBeUndefined();
          let refused: unknown;
          world.network.connect({ host: 'server', port: 80 }).subscribe({ error: (error) => (refused = error) });
          world.at(52, () => expect(refused).toMatchObject({ code: 'ECONNREFUSED' }));
        });
        world.at(101, () => {
          expect(busy.statuses).toEqual([200]);
          expect(busy.received).toContain('connection: close');
          expect([idle.endedAt, busy.endedAt]).toEqual([100, 100]);
          expect(pipelined.statuses).toEqual([200, 200, 200]);
          expect(pipelined.received.match(/connection: close/g)).toHaveLength(1);
          expect(world.completedAt).toBe(100);
        });
      },
      (world) => expect(world.eventTypes().at(-1)).toBe('closed'),
    );
  });

  it.each([
    ['on a new connection', ''],
    ['on one that has had an answer', get('/first')],
    ['in part when it closes', 'GET /las'],
  ])('a request that comes just after it, %s, is answered as the last', (_, before) => {
    inVirtualTime(
      (world) => {
        world.serve(({ path }) => ({ body: path }));
        const client = world.connect(before);
        const rest = before.endsWith('las') ? get('/last').slice(before.length) : get('/last');
        world.at(10, () => world.server.close());
        world.at(59, () => client.send(`${rest}${get('/more')}`));
        world.at(60, () => {
          expect(client.statuses).toEqual(before === get('/first') ? [200, 200] : [200]);
          expect(client.received.match(/connection: close/g)).toHaveLength(1);
          expect(client.received.endsWith('/last')).toBe(true);
          expect(client.endedAt).toBe(59);
        });
      },
      (world) => expect(world.eventsOf('request').map(({ request }) => request.path)).not.toContain('/more'),
    );
  });

  it('how long it waits for that is an option; without a limit, as long as for any request', () => {
    for (const [lastRequest, endedAt] of [
      [200, 210],
      [Infinity, 5000],
    ] as const) {
      inVirtualTime(
        (world) => {
          world.serve(() => ({ body: 'x' }), { timeout: { lastRequest }, grace: 100_000 });
          const client = world.connect(get('/'));
          world.at(10, () => world.server.close());
          world.at(20_000, () => expect(client.endedAt).toBe(endedAt));
        },
        () => undefined,
      );
    }
  });

  it('a request that has begun when the wait is over is read and answered', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({ body: 'x' }));
        const client = world.connect();
        world.at(10, () => world.server.close());
        world.at(59, () => client.send('GET / HT'));
        world.at(90, () => client.send(get('/').slice(8)));
        world.at(91, () => expect([client.statuses, client.endedAt]).toEqual([[200], 90]));
      },
      () => undefined,
    );
  });

  it('HTTP/2 that begins just after it: its requests are answered, then GOAWAY', () => {
    let peer!: VirtualPeer;
    inVirtualTime(
      (world) => {
        world.serve(() => ({ body: 'fine' }));
        world.network.connect({ host: 'server', port: 80 }).subscribe((socket) => {
          peer = new VirtualPeer('client', socket, world.scheduler);
        });
        world.at(10, () => world.server.close());
        world.at(30, () => peer.begin().get('/'));
      },
      (world) => {
        expect(peer.of(1).body.toString()).toBe('fine');
        expect(peer.frames[0]?.type).toBe(FrameType.SETTINGS);
        expect(peer.goaways.map(({ lastStreamId }) => lastStreamId)).toEqual([2 ** 31 - 1, 1]);
        expect(world.completedAt).toBeLessThan(60);
      },
    );
  });

  it('after `grace` what is left is reset, and its handlers are cancelled', () => {
    let cancelled = 0;
    inVirtualTime(
      (world) => {
        world.serve(({ cancelled$ }) => {
          cancelled$.subscribe(() => cancelled++);
          return NEVER;
        });
        const client = world.connect(get('/'));
        world.at(10, () => world.server.close({ grace: 1000 }));
        world.at(1009, () => expect(client.closedAt).toBeUndefined());
        world.at(1011, () => {
          expect(client.failedAt).toBe(1010);
          expect(cancelled).toBe(1);
        });
      },
      (world) => {
        expect(world.completedAt).toBe(1010);
        expect(world.eventsOf('connection-error')).toMatchObject([{ error: { code: 'TIMEOUT_CLOSE' } }]);
      },
    );
  });

  it('5 s unless told otherwise, and a shorter one given later counts', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => NEVER);
        world.connect(get('/'));
        world.at(10, () => world.server.close());
        world.at(4000, () => expect(world.completedAt).toBeUndefined());
        world.at(4001, () => world.server.close({ grace: 0 }));
      },
      (world) => expect(world.completedAt).toBe(4001),
    );
  });

  it('unsubscribing is closing', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => of({ body: 'late' }).pipe(delay(100)), { grace: 500 });
        const busy = world.connect(get('/'));
        const stuck = world.connect(`${get('/')}GET`);
        world.at(50, () => world.stop());
        world.at(600, () => {
          expect(busy.statuses).toEqual([200]);
          expect(stuck.statuses).toEqual([200]);
          expect(stuck.closedAt).toBeLessThanOrEqual(550);
          world.completedAt = world.scheduler.now();
        });
      },
      () => undefined,
    );
  });

  it('tells everybody who asks when it is over, also afterwards', () => {
    const told: number[] = [];
    inVirtualTime(
      (world) => {
        world.serve(() => of({}).pipe(delay(100)));
        world.connect(get('/'));
        world.at(1, () => {
          const closed = world.server.close();
          closed.subscribe(() => told.push(world.scheduler.now()));
          world.at(500, () => closed.subscribe(() => told.push(world.scheduler.now())));
        });
      },
      () => expect(told).toEqual([100, 500]),
    );
  });

  it('a body that is being read is read to its end', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ body }) => ({ body }));
        const client = world.connect(post('/', 10, 'hello'));
        world.at(10, () => world.server.close());
        world.at(20, () => client.send('world'));
        world.at(21, () => {
          expect(client.received).toContain('world\r\n0\r\n\r\n');
          expect(client.endedAt).toBe(20);
        });
      },
      (world) => expect(world.completedAt).toBe(20),
    );
  });
});

describe('graceful close on real sockets', () => {
  it('after `grace`: a reset, so that a body without a length is not taken for whole', async () => {
    const { raw, server } = await realServer(() => ({ body: concat(of('half of it'), NEVER) }));
    const client = raw();
    let failure: NodeJS.ErrnoException | undefined;
    client.socket.on('error', (error) => (failure = error));
    await client.send('GET / HTTP/1.0\r\n\r\n').until('half of it');
    await lastValueFrom(server.close({ grace: 20 }));
    await client.closed;
    expect(failure?.code).toBe('ECONNRESET');
  });

  it.each([Infinity, 2 ** 31])('a `grace` of %d waits for what is on its way', async (grace) => {
    const answers = new Subject<ServerResponse>();
    const { raw, server } = await realServer(() => answers);
    const client = raw().send('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await eventually(() => answers.observed);
    const closed = lastValueFrom(server.close({ grace }));
    setTimeout(() => {
      answers.next({ body: 'all of it' });
      answers.complete();
    }, 20);
    expect(await client.closed).toContain('all of it');
    await closed;
  });

  it('HTTP/2: GOAWAY, and after a PING there and back the stream that is really the last', async () => {
    const answers = new Subject<ServerResponse>();
    const { port, server } = await realServer(() => answers);
    const peer = framesTo(port);
    peer.get('/');
    await eventually(() => answers.observed);
    const closed = lastValueFrom(server.close());
    await peer.until(() => peer.goaways.length === 2, 'both GOAWAYs');
    answers.next({ body: 'still' });
    await peer.until(() => peer.of(1).ended, 'the answer');
    expect(peer.goaways.map(({ lastStreamId }) => lastStreamId)).toEqual([2 ** 31 - 1, 1]);
    expect(peer.of(1).body.toString()).toBe('still');
    await closed;
  });

  it('a WebSocket is closed with 1001, and the server is closed when that is answered', async () => {
    const { url, server } = await realServer((request) => acceptWebSocket(request, {}, (socket) => socket));
    const socket = webSocket<string>(url.replace('http', 'ws'));
    const over = firstValueFrom(socket.state$.pipe(filter((status) => status.state === 'closed')));
    const heard: string[] = [];
    socket.subscribe((message) => heard.push(message));
    socket.next('hello');
    await eventually(() => heard.length === 1);
    await lastValueFrom(server.close());
    expect(await over).toMatchObject({ code: 1001, clean: true });
  });
});

describe('pause and resume', () => {
  it('new connections wait; open ones go on', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({ body: 'x' }));
        const open = world.connect(get('/'));
        let waiting = open;
        world.at(10, () => {
          world.server.pause();
          waiting = world.connect(get('/'));
        });
        world.at(100, () => {
          open.send(get('/'));
          expect(waiting.received).toBe('');
        });
        world.at(200, () => {
          expect(open.statuses).toEqual([200, 200]);
          world.server.resume();
        });
        world.at(201, () => expect(waiting.statuses).toEqual([200]));
      },
      () => undefined,
    );
  });

  it('on real sockets', async () => {
    const { raw, server } = await realServer(() => ({ body: 'x' }));
    server.pause();
    const client = raw().send(get('/'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(client.received).toBe('');
    server.resume();
    await client.until('200');
  });
});

describe('maxConnections', () => {
  it('accepting waits until one ends', () => {
    const most: number[] = [];
    inVirtualTime(
      (world) => {
        world.serve(() => ({ body: 'x' }), { maxConnections: 2 });
        const clients = Array.from({ length: 5 }, () => world.connect(get('/', 'connection: close')));
        world.at(0, () => world.server.connections$.subscribe((count) => most.push(count)));
        world.at(10_000, () => {
          expect(clients.map(({ statuses }) => statuses.length)).toEqual([1, 1, 1, 1, 1]);
          expect(Math.max(...most)).toBe(2);
        });
      },
      () => undefined,
    );
  });

  it('on real sockets', async () => {
    const { raw, server } = await realServer(() => ({ body: 'x' }), { maxConnections: 1 });
    const first = raw().send(get('/'));
    await first.until('200');
    const second = raw().send(get('/'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(second.received).toBe('');
    first.socket.destroy();
    await second.until('200');
    expect(await firstValueFrom(server.connections$)).toBe(1);
  });

  it('and pausing goes together with it', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({ body: 'x' }), { maxConnections: 1 });
        const first = world.connect(get('/'));
        const second = world.connect(get('/', 'connection: close'));
        world.at(1, () => world.server.pause());
        world.at(2, () => world.server.resume()); // still full
        world.at(3, () => {
          expect(second.received).toBe('');
          first.socket.complete();
        });
        world.at(4, () => expect(second.statuses).toEqual([200]));
      },
      () => undefined,
    );
  });
});

describe('what a server tells', () => {
  it('its address', async () => {
    const { server, port } = await realServer(() => ({}));
    expect(server.address).toEqual({ host: '127.0.0.1', port });
    expect(port).toBeGreaterThan(0);
  });

  it('events, in order', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({}));
        world.connect(get('/', 'connection: close'));
      },
      (world) => expect(world.eventTypes()).toEqual(['listening', 'connection', 'request', 'closed']),
    );
  });

  it('stats$, now and every second', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ path, body }) => (path === '/hold' ? body.pipe((source) => source as never) : NEVER));
        world.connect(get('/'));
        world.connect();
        world.connect('GE');
        world.at(2500, () => {
          const seen: unknown[] = [];
          const subscription = world.server.stats$.subscribe((stats) => seen.push(stats));
          world.at(4000, () => {
            subscription.unsubscribe();
            expect(seen).toHaveLength(2);
            expect(seen[0]).toEqual({
              connections: { open: 3, idle: 1 },
              active: 1,
              requests: 1,
              heldBytes: 0,
              bufferedBytes: 0,
              waitingFor: {
                peer: { count: 1, milliseconds: 2500 },
                socket: { count: 0, milliseconds: 0 },
                consumer: { count: 0, milliseconds: 0 },
                handler: { count: 1, milliseconds: 2500 },
              },
            });
          });
        });
      },
      () => undefined,
    );
  });

  it('stalls over a second: the socket and the consumer', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ method, body }) => {
          if (method === 'GET') return { body: Buffer.alloc(300_000) };
          return new Promise(() => body); // it is never subscribed to
        });
        world.network.connect({ host: 'server', port: 80 }).subscribe((socket) => socket.next(Buffer.from(get('/'))));
        world.connect(post('/', 10, 'hello'));
      },
      (world) => {
        const first = world.eventsOf('stall').filter(({ milliseconds }) => milliseconds === 1000);
        expect(first.map(({ waitingFor }) => waitingFor).sort()).toEqual(['consumer', 'socket']);
      },
    );
  });
});

describe('addSocket', () => {
  it('serves bytes that came another way', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ remote }) => ({ body: remote.address }));
        const client = new VirtualClient(world.scheduler);
        world.at(1, () => {
          const [near, far] = memoryPair({ scheduler: world.scheduler });
          client.attach(near);
          world.server.addSocket(far);
          client.send(get('/'));
        });
        world.at(2, () => expect(client.received.endsWith('client')).toBe(true));
      },
      () => undefined,
    );
  });

  it('not while it closes', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => NEVER);
        world.connect(get('/'));
        const client = new VirtualClient(world.scheduler);
        world.at(1, () => {
          world.server.close();
          const [near, far] = memoryPair({ scheduler: world.scheduler });
          client.attach(near);
          world.server.addSocket(far);
        });
        world.at(2, () => expect(client.failedAt).toBe(1));
      },
      () => undefined,
    );
  });
});

describe('a UNIX socket', () => {
  it('is served, with its mode, and is gone afterwards', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rxweir-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'socket');
    const { raw, server } = await realServer(({ url }) => ({ body: url.href }), { path, mode: 0o600 });
    expect(server.address).toEqual({ path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const client = raw().send(get('/x'));
    await client.until('http://server/x');
    await lastValueFrom(server.close());
    expect(() => statSync(path)).toThrow(/ENOENT/);
  });
});

describe('the config', () => {
  const refused = async (config: ServeConfig, handler: unknown = () => ({})): Promise<unknown> =>
    firstValueFrom(serve(config, handler as () => ServerResponse)).then(
      () => 'served',
      (error: unknown) => (error instanceof UsageError ? error.code : error),
    );

  it.each<[ServeConfig, string]>([
    [{ port: -1 }, 'INVALID_OPTION'],
    [{ port: 65_536 }, 'INVALID_OPTION'],
    [{ port: 1.5 }, 'INVALID_OPTION'],
    [{ port: '80' as unknown as number }, 'INVALID_OPTION'],
    [{ host: 5 as unknown as string }, 'INVALID_OPTION'],
    [{ path: '' }, 'INVALID_OPTION'],
    [{ path: '/tmp/x', port: 80 }, 'INVALID_OPTION'],
    [{ family: 5 as 4 }, 'INVALID_OPTION'],
    [{ maxConnections: 0 }, 'INVALID_OPTION'],
    [{ maxPipelined: 0 }, 'INVALID_OPTION'],
    [{ maxRequests: 0.5 }, 'INVALID_OPTION'],
    [{ highWaterMark: 0 }, 'INVALID_OPTION'],
    [{ maxQueued: -1 }, 'INVALID_OPTION'],
    [{ minRate: NaN }, 'INVALID_OPTION'],
    [{ grace: -1 }, 'INVALID_OPTION'],
    [{ date: 'yes' as unknown as boolean }, 'INVALID_OPTION'],
    [{ tls: 'yes' as unknown as object }, 'INVALID_OPTION'],
    [{ cleartext: 1 as unknown as boolean }, 'INVALID_OPTION'],
    [{ listen: [] }, 'INVALID_OPTION'],
    [{ listen: [{ port: 80 }], port: 81 }, 'INVALID_OPTION'],
    [{ fd: 3, port: 80 }, 'INVALID_OPTION'],
    [{ maxHandshakes: 0 }, 'INVALID_OPTION'],
    [{ spareDescriptors: -1 }, 'INVALID_OPTION'],
    [{ http2: { pingInterval: -1 } }, 'INVALID_OPTION'],
    [{ http2: { pingTimeout: NaN } }, 'INVALID_OPTION'],
    [{ timeout: { head: -1 } }, 'INVALID_TIMEOUT'],
    [{ timeout: { heads: 1 } as object }, 'INVALID_TIMEOUT'],
    [{ limits: { maxFields: -1 } }, 'INVALID_LIMIT'],
    [null as unknown as ServeConfig, 'INVALID_OPTION'],
  ])('%j is refused before anything is bound', async (config, code) => {
    expect(await refused(config)).toBe(code);
  });

  it('needs a handler', async () => {
    expect(await refused({}, 'handler')).toBe('INVALID_OPTION');
  });

  it('what cannot be bound is a NetworkError', async () => {
    const { port } = await realServer(() => ({}));
    expect(await refused({ host: '127.0.0.1', port })).toMatchObject({ code: 'EADDRINUSE', phase: 'listen' });
  });

  it('is cold: each subscription is a server of its own', async () => {
    const served = serve({ host: '127.0.0.1' }, () => ({}));
    const ports = new Set<unknown>();
    for (let i = 0; i < 2; i++) ports.add(((await firstValueFrom(served)).address as { port: number }).port);
    expect(ports.size).toBe(2);
  });

  it('a subscriber that leaves with its server in hand closes it', async () => {
    const server = await firstValueFrom(serve({ host: '127.0.0.1' }, () => ({})));
    await lastValueFrom(server.close());
  });
});

it('a response in time survives the close of its own server', async () => {
  const answers = new Subject<ServerResponse>();
  const { raw, server } = await realServer(() => answers);
  const client = raw().send(get('/'));
  await eventually(() => answers.observed);
  const closed = lastValueFrom(server.close());
  answers.next({ body: 'still' });
  expect(await client.closed).toContain('still');
  await closed;
});
