import {
  concat,
  firstValueFrom,
  forkJoin,
  lastValueFrom,
  mergeMap,
  NEVER,
  of,
  range,
  switchMap,
  tap,
  toArray,
} from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { bytes } from '../../../operators/body/bytes.js';
import { text } from '../../../operators/body/text.js';
import { Http2ErrorCode } from '../../../operators/http2/error-code.js';
import { FrameType } from '../../../operators/http2/frame-type.js';
import { goawayFrame } from '../../../operators/http2/frames/goaway-frame.js';
import { pushPromiseFrame } from '../../../operators/http2/frames/push-promise-frame.js';
import { rstStreamFrame } from '../../../operators/http2/frames/rst-stream-frame.js';
import type { Client } from '../../../src/client/client.js';
import { createClient } from '../../../src/client/create-client.js';
import type { ClientConfig } from '../../../src/client/request-config.js';
import { memoryNetwork } from '../../../src/sockets/memory.js';
import { certificates } from '../../support/certificates.js';
import { VirtualPeer } from '../../support/http2-frames.js';
import { realServer } from '../server/real-server.js';

const URL = 'http://server/';
const PRIOR = { url: URL, version: '2' } as const;

interface World {
  readonly client: Client;
  readonly peers: VirtualPeer[];
  readonly scheduler: TestScheduler;
  readonly at: (milliseconds: number, work: () => void) => void;
  readonly told: string[];
  /** Asks, and notes what becomes of it. */
  readonly ask: (name: string, config?: Partial<Parameters<Client['request']>[0] & object>) => { unsubscribe(): void };
}

/** A client and a server of frames in virtual time. */
function inVirtualTime(
  talk: (peer: VirtualPeer, index: number) => void,
  body: (world: World) => void,
  afterwards: (world: World) => void,
  config: ClientConfig = {},
): void {
  const scheduler = new TestScheduler(() => undefined);
  scheduler.run(({ flush }) => {
    const network = memoryNetwork({ scheduler, latency: 1 });
    const peers: VirtualPeer[] = [];
    network.listen({ port: 80 }).subscribe(({ connections }) =>
      connections.subscribe((socket) => {
        const peer = new VirtualPeer('server', socket, scheduler);
        talk(peer, peers.push(peer) - 1);
      }),
    );
    const client = createClient({ network, scheduler, ...config });
    const told: string[] = [];
    const ask: World['ask'] = (name, own = {}) =>
      client
        .request({ ...PRIOR, ...(own as object) })
        .pipe(
          tap(({ status }) => told.push(`${name} ${status}`)),
          switchMap((response) => response.body.pipe(text())),
        )
        .subscribe({
          next: (all) => told.push(`${name} ${all}`),
          error: (error: { code: string }) => told.push(`${name} # ${error.code} ${scheduler.now()}`),
        });
    const at = (milliseconds: number, work: () => void): void => {
      scheduler.schedule(work, milliseconds - scheduler.now());
    };
    const world = { client, peers, scheduler, at, told, ask };
    scheduler.schedule(() => body(world), 1);
    flush();
    afterwards(world);
  });
}

/** Calls `answer` for each request head. */
function onRequest(peer: VirtualPeer, answer: (id: number) => void): void {
  const log = peer.onFrame;
  peer.onFrame = (frame) => {
    log?.(frame);
    if (frame.type === FrameType.HEADERS) answer(frame.streamId);
  };
}

describe('the client over HTTP/2', () => {
  it.each([true, false])('a cold burst of 100 requests opens exactly one connection (TLS: %s)', async (secure) => {
    const { ca, server: identity } = certificates();
    const server = await realServer(({ path }) => ({ body: path }), secure ? { tls: identity } : {});
    let opened = 0;
    let last = 0;
    server.server.connections$.subscribe((open) => {
      if (open > last) opened += open - last;
      last = open;
    });
    const client = createClient(secure ? { tls: { ca } } : {});
    const version = secure ? undefined : '2';
    const url = server.url.replace('127.0.0.1', 'localhost');
    const bodies = await lastValueFrom(
      range(100).pipe(
        mergeMap((i) =>
          client.request({ url: `${secure ? url : server.url}/${i}`, version }).pipe(
            tap((response) => expect(response.version).toBe('2')),
            switchMap((response) => response.body.pipe(text())),
          ),
        ),
        toArray(),
      ),
    );
    expect(bodies.sort()).toEqual(Array.from({ length: 100 }, (_, i) => `/${i}`).sort());
    expect(opened).toBe(1);
    await lastValueFrom(client.close(), { defaultValue: undefined });
  });

  it('queues what is more than the server takes at a time', () => {
    let most = 0;
    inVirtualTime(
      (peer) => {
        peer.begin({ maxConcurrentStreams: 3 });
        let open = 0;
        onRequest(peer, (id) => {
          most = Math.max(most, ++open);
          world.at(world.scheduler.now() + 10, () => {
            open--;
            peer.respond(id, 'fine');
          });
        });
      },
      (given) => {
        world = given;
        world.ask('first');
        world.at(20, () => {
          for (let i = 0; i < 10; i++) world.ask(String(i));
        });
      },
      ({ told, peers }) => {
        expect(most).toBe(3);
        expect(told.filter((line) => line.endsWith('fine'))).toHaveLength(11);
        expect(peers).toHaveLength(1);
      },
    );
  });
  let world!: World;

  it('cancels with RST_STREAM CANCEL, and the others are unharmed', () => {
    inVirtualTime(
      (peer) => {
        peer.begin();
        onRequest(peer, (id) => world.at(world.scheduler.now() + 20, () => peer.respond(id, `for ${id}`)));
      },
      (given) => {
        world = given;
        world.ask('a');
        const cancelled = world.ask('b');
        world.ask('c');
        world.at(15, () => cancelled.unsubscribe());
      },
      ({ told, peers }) => {
        expect(peers[0]?.of(3).reset).toBe('CANCEL');
        expect(told).toEqual(
          ['a 200', 'c 200', 'a for 1', 'c for 5'].sort((x, y) => told.indexOf(x) - told.indexOf(y)),
        );
        expect(peers).toHaveLength(1);
      },
    );
  });

  it('gives interim responses, trailers and events', async () => {
    const server = await realServer(() =>
      of({ status: 103, fields: { link: '</a>' } }, { body: [Buffer.from('body')], trailers: { 'x-sum': '7' } }),
    );
    const client = createClient();
    const response = await firstValueFrom(client.request({ url: server.url, version: '2' }));
    expect(await firstValueFrom(response.body.pipe(text()))).toBe('body');
    expect(response.informational.map(({ status, fields }) => [status, fields.get('link')])).toEqual([[103, '</a>']]);
    expect((await firstValueFrom(response.trailers)).get('x-sum')).toBe('7');
    const events = await lastValueFrom(client.requestEvents({ url: server.url, version: '2' }).pipe(toArray()));
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['connected', 'sent', 'informational', 'head', 'body', 'trailers', 'end']),
    );
    client.close().subscribe();
  });

  it('takes pushes where they are allowed, by events', async () => {
    const taken: boolean[] = [];
    const server = await realServer((request) => {
      if (request.path === '/') taken.push(request.push({ path: '/pushed' }, { body: 'pushed' }));
      return { body: 'page' };
    });
    const client = createClient({ http2: { settings: { enablePush: true } } });
    const pushes: Promise<string>[] = [];
    await lastValueFrom(
      client.requestEvents({ url: `${server.url}/`, version: '2' }).pipe(
        tap((event) => {
          if (event.type !== 'push') return;
          expect(event.request.url).toBe(`${server.url}/pushed`);
          pushes.push(firstValueFrom(event.response.pipe(switchMap(({ body }) => body.pipe(text())))));
        }),
      ),
    );
    expect(await Promise.all(pushes)).toEqual(['pushed']);
    const other = createClient();
    await lastValueFrom(other.requestEvents({ url: `${server.url}/`, version: '2' }));
    expect(taken).toEqual([true, false]);
    client.close().subscribe();
    other.close().subscribe();
  });

  it('a push nobody asks for is refused: CANCEL', () => {
    inVirtualTime(
      (peer) => {
        peer.begin();
        onRequest(peer, (id) => {
          const list = [':method', 'GET', ':scheme', 'http', ':authority', 'server', ':path', '/p'];
          peer.send(pushPromiseFrame(id, 2, peer.encoder.encode(list)));
          peer.respond(id, 'fine');
        });
      },
      ({ ask }) => ask('a'),
      ({ told, peers }) => {
        expect(told).toEqual(['a 200', 'a fine']);
        expect(peers[0]?.of(2).reset).toBe('CANCEL');
      },
      { http2: { settings: { enablePush: true } } },
    );
  });

  it('a push whose readers leave before its head is cancelled', () => {
    inVirtualTime(
      (peer) => {
        peer.begin();
        onRequest(peer, (id) => {
          const list = [':method', 'GET', ':scheme', 'http', ':authority', 'server', ':path', '/p'];
          peer.send(pushPromiseFrame(id, 2, peer.encoder.encode(list)));
          world.at(20, () => peer.respond(id, 'fine'));
        });
      },
      (given) => {
        world = given;
        world.client.requestEvents(PRIOR).subscribe((event) => {
          if (event.type !== 'push') return;
          const readers = [event.response.subscribe(), event.response.subscribe()];
          world.at(10, () => readers[0]?.unsubscribe());
          world.at(15, () => {
            expect(world.peers[0]?.of(2).reset).toBeUndefined();
            readers[1]?.unsubscribe();
          });
        });
      },
      ({ peers }) => expect(peers[0]?.of(2).reset).toBe('CANCEL'),
      { http2: { settings: { enablePush: true } } },
    );
  });

  it('GOAWAY: what was not processed goes to a new connection, the rest finishes on the old', () => {
    inVirtualTime(
      (peer, index) => {
        peer.begin();
        onRequest(peer, (id) => {
          if (index === 0 && id === 3) {
            peer.send(goawayFrame(1, 0));
            world.at(world.scheduler.now() + 20, () => peer.respond(1, 'old'));
          } else if (index === 1) peer.respond(id, 'new');
        });
      },
      (given) => {
        world = given;
        world.ask('a');
        world.ask('b');
      },
      ({ told, peers }) => {
        expect(peers).toHaveLength(2);
        expect(told).toEqual(['b 200', 'b new', 'a 200', 'a old']);
        expect(peers[0]?.over).toBe('end');
      },
    );
  });

  it('REFUSED_STREAM is tried again once, also for a POST whose body is at hand', () => {
    let requests = 0;
    inVirtualTime(
      (peer) => {
        peer.begin();
        onRequest(peer, (id) => {
          if (++requests === 1) peer.send(rstStreamFrame(id, Http2ErrorCode.REFUSED_STREAM));
          else peer.respond(id, 'second');
        });
      },
      ({ ask }) => ask('a', { method: 'POST', body: 'again' }),
      ({ told, peers }) => {
        expect(told).toEqual(['a 200', 'a second']);
        expect([peers.length, requests]).toEqual([1, 2]);
      },
    );
  });

  it.each<[string, number]>([
    ['CANCEL', Http2ErrorCode.CANCEL],
    ['INTERNAL_ERROR', Http2ErrorCode.INTERNAL_ERROR],
    ['ENHANCE_YOUR_CALM', Http2ErrorCode.ENHANCE_YOUR_CALM],
  ])('any other reset is an error: %s', (name, code) => {
    inVirtualTime(
      (peer) => {
        peer.begin();
        onRequest(peer, (id) => peer.send(rstStreamFrame(id, code)));
      },
      ({ ask }) => ask('a'),
      ({ told, peers }) => {
        expect(told).toMatchObject([expect.stringMatching(`^a # ${name} `)]);
        expect(peers[0]?.ids).toEqual([1]);
      },
    );
  });

  it('version pins: 1.1 over TLS, and 2 where the server will not', async () => {
    const { ca, server: identity } = certificates();
    const both = await realServer(({ version }) => ({ body: version }), { tls: identity });
    const old = await realServer(({ version }) => ({ body: version }), { tls: identity, version: '1.1' });
    const client = createClient({ tls: { ca } });
    const spoken = (url: string, version?: '1.1' | '2'): Promise<string> =>
      firstValueFrom(
        client
          .request({ url: url.replace('127.0.0.1', 'localhost'), version })
          .pipe(switchMap(({ body }) => body.pipe(text()))),
      );
    expect(await spoken(both.url)).toBe('2');
    expect(await spoken(both.url, '1.1')).toBe('1.1');
    expect(await spoken(both.url, '2')).toBe('2');
    expect(await spoken(old.url)).toBe('1.1');
    await expect(spoken(old.url, '2')).rejects.toMatchObject({
      code: 'VERSION_REFUSED',
    });
    client.close().subscribe();
  });

  it('a PING that is not answered ends the connection', () => {
    inVirtualTime(
      (peer) => {
        peer.begin();
        world?.at(5, () => (peer.polite = false));
      },
      (given) => {
        world = given;
        world.ask('a');
        world.at(50, () => {
          for (const peer of world.peers) peer.polite = false;
        });
      },
      ({ told, peers }) => {
        expect(told).toHaveLength(1);
        expect(told[0]).toMatch(/^a # TIMEOUT_PING 15\d\d$/);
        expect(peers[0]?.words.filter((word) => word === 'PING 0')).toHaveLength(1);
      },
      { http2: { pingInterval: 1000, pingTimeout: 500 } },
    );
  });

  it('a PING that is not answered ends it, however many requests come behind it', () => {
    inVirtualTime(
      (peer) => void peer.begin(),
      (given) => {
        world = given;
        world.ask('a');
        world.at(50, () => {
          for (const peer of world.peers) peer.polite = false;
        });
        for (const time of [1200, 2000]) world.at(time, () => world.ask(String(time)));
      },
      ({ told }) => {
        expect(told).toHaveLength(3);
        for (const line of told) expect(line).toMatch(/ # TIMEOUT_PING 25\d\d$/);
      },
      { http2: { pingInterval: 1000, pingTimeout: 1500 } },
    );
  });

  it('PINGs that are answered keep it, and end with the last request', () => {
    inVirtualTime(
      (peer) => {
        peer.begin();
        onRequest(peer, (id) => world.at(5500, () => peer.respond(id, 'late')));
      },
      (given) => {
        world = given;
        world.ask('a');
      },
      ({ told, peers }) => {
        expect(told).toEqual(['a 200', 'a late']);
        expect(peers[0]?.words.filter((word) => word === 'PING 0')).toHaveLength(5);
      },
      { http2: { pingInterval: 1000, pingTimeout: 500 } },
    );
  });

  it('SETTINGS that are not acknowledged end it', () => {
    inVirtualTime(
      (peer) => {
        peer.polite = false;
        peer.begin();
      },
      ({ ask }) => ask('a'),
      ({ told, peers }) => {
        expect(told).toEqual(['a # SETTINGS_TIMEOUT 2002']);
        expect(peers[0]?.goaway).toBe('SETTINGS_TIMEOUT');
      },
      { http2: { pingTimeout: 2000 } },
    );
  });

  it('idle connections close after keepAlive', () => {
    inVirtualTime(
      (peer) => {
        peer.begin();
        onRequest(peer, (id) => peer.respond(id, 'fine'));
      },
      ({ ask }) => ask('a'),
      ({ peers }) => {
        expect(peers[0]?.closedAt).toBeGreaterThanOrEqual(500);
        expect(peers[0]?.closedAt).toBeLessThan(600);
        expect(peers[0]?.goaway).toBe('NO_ERROR');
      },
      { keepAlive: 500 },
    );
  });

  it('close(): requests under way finish, then the connection does', () => {
    let closedAt: number | undefined;
    inVirtualTime(
      (peer) => {
        peer.begin();
        onRequest(peer, (id) => world.at(100, () => peer.respond(id, 'fine')));
      },
      (given) => {
        world = given;
        world.ask('a');
        world.at(50, () => world.client.close().subscribe({ complete: () => (closedAt = world.scheduler.now()) }));
      },
      ({ told, peers }) => {
        expect(told).toEqual(['a 200', 'a fine']);
        expect(closedAt).toBeGreaterThanOrEqual(100);
        expect(closedAt).toBeLessThan(1200);
        expect(peers[0]?.over).toBe('end');
      },
    );
  });

  it('the head, idle and total limits reset the stream, not the connection', () => {
    inVirtualTime(
      (peer) => {
        peer.begin();
        onRequest(peer, (id) => {
          if (peer.of(id).heads[0]?.[':path'] === '/idle') peer.headers(id, { ':status': '200' });
        });
      },
      ({ ask, at }) => {
        ask('head', { timeout: { head: 100 } });
        ask('idle', { url: `${URL}idle`, timeout: { idle: 200 } });
        ask('total', { timeout: { total: 300 } });
        at(1000, () => undefined);
      },
      ({ told, peers }) => {
        expect(told.map((line) => line.replace(/ \d+$/, ''))).toEqual([
          'idle',
          'head # TIMEOUT_HEAD',
          'idle # TIMEOUT_IDLE',
          'total # TIMEOUT_TOTAL',
        ]);
        expect([1, 3, 5].map((id) => peers[0]?.of(id).reset)).toEqual(['CANCEL', 'CANCEL', 'CANCEL']);
        expect(peers[0]?.goaway === undefined || peers[0].goaway === 'NO_ERROR').toBe(true);
      },
    );
  });

  it('an upload that the server has enough of ends with the response', async () => {
    const server = await realServer(() => ({ status: 413 }));
    const client = createClient();
    const response = await firstValueFrom(
      client.request({ url: server.url, version: '2', method: 'POST', body: NEVER }),
    );
    expect(response.status).toBe(413);
    client.close().subscribe();
  });

  it('a body is let go of with its first byte where its head has declared more than is collected', async () => {
    const body = concat(of(Buffer.from('x')), NEVER);
    const server = await realServer(() => ({ fields: { 'content-length': '5' }, body }));
    const client = createClient();
    const answer = client.request({ url: server.url, version: '2' }).pipe(bytes({ maxBytes: 4 }));
    await expect(firstValueFrom(answer)).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });
    client.close().subscribe();
  });

  it('extended CONNECT gives bytes both ways; a server that does not allow it is told apart', async () => {
    const server = await realServer(() => ({ status: 200, upgraded: (socket) => void socket.subscribe(socket) }));
    const closed = await realServer(() => ({ body: 'x' }), { http2: { settings: { enableConnectProtocol: false } } });
    const client = createClient();
    const { upgraded } = await firstValueFrom(client.request({ url: server.url, version: '2', upgrade: 'echo' }));
    const echoed = firstValueFrom(upgraded as NonNullable<typeof upgraded>);
    upgraded?.next(Buffer.from('there and back'));
    expect(Buffer.from(await echoed).toString()).toBe('there and back');
    upgraded?.complete();
    await expect(
      firstValueFrom(client.request({ url: closed.url, version: '2', upgrade: 'echo' })),
    ).rejects.toMatchObject({
      code: 'EXTENDED_CONNECT_REFUSED',
    });
    client.close().subscribe();
  });

  it('many bodies at a time over one connection, byte for byte', async () => {
    const server = await realServer((request) => ({ body: request.body }));
    const client = createClient();
    const all = await firstValueFrom(
      forkJoin(
        Array.from({ length: 20 }, (_, i) =>
          client
            .request({ url: server.url, version: '2', method: 'POST', body: String(i % 10).repeat(200_000) })
            .pipe(switchMap(({ body }) => body.pipe(text()))),
        ),
      ),
    );
    for (const [i, body] of all.entries()) expect(body === String(i % 10).repeat(200_000)).toBe(true);
    client.close().subscribe();
  });
});
