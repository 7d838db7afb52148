import {
  EMPTY,
  firstValueFrom,
  lastValueFrom,
  map,
  NEVER,
  Observable,
  of,
  Subject,
  take,
  throwError,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { bytes } from '../../../operators/body/bytes.js';
import { holdMap } from '../../../operators/core/hold-map.js';
import { Http2ErrorCode } from '../../../operators/http2/error-code.js';
import { serializeFrame } from '../../../operators/http2/frame.js';
import { settingsFrame } from '../../../operators/http2/frames/settings-frame.js';
import { clientPreface } from '../../../operators/http2/preface.js';
import { rstStreamFrame } from '../../../operators/http2/frames/rst-stream-frame.js';
import { windowUpdateFrame } from '../../../operators/http2/frames/window-update-frame.js';
import type { Handler } from '../../../src/server/respond-context.js';
import type { ServeConfig } from '../../../src/server/serve-config.js';
import type { ServerStats } from '../../../src/server/server-stats.js';
import { framesTo, VirtualPeer, type SocketPeer } from '../../support/http2-frames.js';
import { realServer } from './real-server.js';
import { inVirtualTime, type World } from './world.js';

/** A client of frames and our server in virtual time; the client begins at 1 ms. */
function scene(
  handler: Handler,
  talk: (peer: VirtualPeer, world: World) => void,
  afterwards: (peer: VirtualPeer, world: World) => void,
  config: ServeConfig = {},
): void {
  let peer!: VirtualPeer;
  inVirtualTime(
    (world) => {
      world.serve(handler, config);
      world.at(1, () =>
        world.network.connect({ host: 'server', port: 80 }).subscribe((socket) => {
          peer = new VirtualPeer('client', socket, world.scheduler);
          talk(peer, world);
        }),
      );
    },
    (world) => afterwards(peer, world),
  );
}

async function answered(
  peer: SocketPeer,
  id: number,
): Promise<SocketPeer['of'] extends (id: number) => infer M ? M : never> {
  await peer.until(() => peer.of(id).ended || peer.of(id).reset !== undefined, `an answer on stream ${id}`);
  return peer.of(id);
}

describe('the server over HTTP/2', () => {
  it('a priority that is none, while the body is written, is told and changes nothing', () => {
    scene(
      () => ({
        priority: timer(10).pipe(map(() => ({ urgency: 8, incremental: false }))),
        body: timer(20).pipe(map(() => 'all of it')),
      }),
      (peer) => peer.begin().get('/'),
      (peer, world) => {
        expect(peer.of(1).body.toString()).toBe('all of it');
        expect(world.eventsOf('handler-error')).toMatchObject([{ error: { code: 'INVALID_PRIORITY' }, sent: true }]);
      },
    );
  });

  it('the same handler answers both versions on one cleartext port', async () => {
    const server = await realServer((request) =>
      request.body.pipe(
        bytes(),
        map((body) => ({
          fields: { 'x-version': request.version },
          body: `${request.method} ${request.path} ${body.length}`,
        })),
      ),
    );
    const raw = server.raw().send('POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc');
    expect(await raw.closed).toMatch(/x-version: 1\.1[^]*\r\n\r\nPOST \/a 3$/);
    const peer = framesTo(server.port);
    const id = peer.post('/a', { 'content-length': '3' });
    peer.data(id, 'abc', true);
    const { heads, body } = await answered(peer, id);
    expect(heads).toMatchObject([{ ':status': '200', 'x-version': '2' }]);
    expect(body.toString()).toBe('POST /a 3');
  });

  it('B9: a body is refused with its first byte where its head has declared more than is collected', async () => {
    const server = await realServer(({ body }) => body.pipe(bytes(), map(({ length }) => ({ body: `${length}` })))); // prettier-ignore
    const peer = framesTo(server.port);
    const id = peer.post('/', { 'content-length': '10485761' });
    peer.data(id, 'x');
    expect((await answered(peer, id)).heads).toMatchObject([{ ':status': '413' }]);
  });

  it('interim responses, trailers, HEAD, 204, and no field of the connection', async () => {
    const server = await realServer(({ path, method }) => {
      if (path === '/hints') return of({ status: 103, fields: { link: '</a>' } }, { status: 204 });
      if (path === '/trailers') return { body: of(Buffer.from('body')), trailers: () => ({ 'x-sum': '4' }) };
      if (path === '/later')
        return { body: of(Buffer.from('body')), trailers: timer(1).pipe(map(() => ({ 'x-sum': '4' }))) };
      if (path === '/none')
        return { fields: { 'content-length': '4' }, body: of(Buffer.from('body')), trailers: of([]) };
      return { fields: { connection: 'close', 'keep-alive': 'x', 'x-method': method }, body: 'body' };
    });
    const peer = framesTo(server.port);
    expect((await answered(peer, peer.get('/hints'))).heads.map((head) => head[':status'])).toEqual(['103', '204']);
    const trailers = await answered(peer, peer.get('/trailers'));
    expect([trailers.body.toString(), trailers.heads.at(-1)]).toEqual(['body', { 'x-sum': '4' }]);
    const later = await answered(peer, peer.get('/later'));
    expect([later.body.toString(), later.heads.at(-1)]).toEqual(['body', { 'x-sum': '4' }]);
    const none = await answered(peer, peer.get('/none'));
    expect([none.body.toString(), none.heads.length]).toEqual(['body', 1]);
    const id = peer.nextId();
    peer.send(peer.requestFrame(id, '/', {}, 'HEAD', true));
    const head = await answered(peer, id);
    expect(head.heads[0]).toMatchObject({ 'x-method': 'HEAD', 'content-length': '4' });
    expect(head.heads[0]).not.toHaveProperty('connection');
    expect(head.body).toHaveLength(0);
  });

  it('pushes where the client allows it', async () => {
    const server = await realServer((request) => {
      const taken = request.path === '/' && request.push({ path: '/style' }, { body: 'style' });
      return { body: String(taken) };
    });
    const peer = framesTo(server.port);
    await answered(peer, peer.get('/'));
    await answered(peer, 2);
    expect([peer.of(1).body.toString(), peer.of(2).body.toString()]).toEqual(['true', 'style']);
    expect(peer.words.indexOf('PUSH_PROMISE 1')).toBeLessThan(peer.words.indexOf('DATA 1 end'));
    const not = framesTo(server.port, { enablePush: false });
    expect((await answered(not, not.get('/'))).body.toString()).toBe('false');
  });

  it('extended CONNECT is a duplex of bytes', async () => {
    const server = await realServer(({ upgrade }) => ({
      fields: { 'x-protocol': upgrade },
      upgraded: (socket) => void socket.subscribe(socket),
    }));
    const peer = framesTo(server.port);
    const id = peer.nextId();
    const list = [':method', 'CONNECT', ':protocol', 'echo', ':scheme', 'http', ':authority', 'a', ':path', '/chat'];
    peer.send({
      type: 1,
      flags: 4,
      streamId: id,
      exclusive: false,
      dependency: 0,
      weight: 16,
      fragment: peer.encoder.encode(list),
      padLength: 0,
    });
    peer.data(id, 'there ').data(id, 'and back', true);
    const { heads, body } = await answered(peer, id);
    expect(heads[0]).toMatchObject({ ':status': '200', 'x-protocol': 'echo' });
    expect(body.toString()).toBe('there and back');
  });

  it.each<[string, Handler, string, string | undefined]>([
    [
      'throws',
      () => {
        throw new Error('x');
      },
      '500',
      undefined,
    ],
    ['fails', () => throwError(() => new Error('x')), '500', undefined],
    ['rejects', () => Promise.reject(new Error('x')), '500', undefined],
    ['completes without an answer', () => EMPTY, '500', undefined],
    ['answers what cannot be sent', () => ({ status: 99 }), '500', undefined],
    ['has a body that fails at once', () => ({ body: throwError(() => new Error('x')) }), '500', undefined],
    [
      'has a body that fails on the way',
      () => ({
        body: new Observable<Uint8Array>((subscriber) => {
          subscriber.next(Buffer.from('a'));
          subscriber.error(new Error('x'));
        }),
      }),
      '200',
      'INTERNAL_ERROR',
    ],
  ])('a handler that %s', async (_, handler, status, reset) => {
    const server = await realServer((request) => (request.path === '/well' ? { body: 'well' } : handler(request)));
    const peer = framesTo(server.port);
    const message = await answered(peer, peer.get());
    expect([message.heads[0]?.[':status'], message.reset]).toEqual([status, reset]);
    expect(server.events.map(({ type }) => type)).toContain('handler-error');
    expect((await answered(peer, peer.get('/well'))).body.toString()).toBe('well');
  });

  it('tells the handler that the client has gone, and stops what it was doing', async () => {
    const gone = new Subject<string>();
    const server = await realServer(
      ({ cancelled$ }) =>
        new Observable(() => {
          cancelled$.subscribe(() => gone.next('cancelled'));
          return () => gone.next('stopped');
        }),
    );
    const peer = framesTo(server.port);
    const told = firstValueFrom(
      gone.pipe(
        take(2),
        map((word) => word),
      ),
    );
    const all = lastValueFrom(gone.pipe(take(2)));
    const id = peer.get();
    peer.send(rstStreamFrame(id, Http2ErrorCode.CANCEL));
    expect(['cancelled', 'stopped']).toContain(await told);
    await all;
  });

  it('answers Expect when the body is asked for', async () => {
    const server = await realServer((request) =>
      request.path === '/no'
        ? { status: 417 }
        : request.body.pipe(
            bytes(),
            map((body) => ({ body: `${body.length}` })),
          ),
    );
    const peer = framesTo(server.port);
    const id = peer.post('/', { expect: '100-continue' });
    await peer.until(() => peer.of(id).heads.length === 1);
    expect(peer.of(id).heads[0]).toEqual({ ':status': '100' });
    peer.data(id, 'abcd', true);
    expect((await answered(peer, id)).body.toString()).toBe('4');
    const no = peer.post('/no', { expect: '100-continue' });
    await peer.until(() => peer.of(no).reset !== undefined);
    expect(peer.of(no).heads.map((head) => head[':status'])).toEqual(['417']);
    expect(peer.of(no).reset).toBe('NO_ERROR');
  });

  it('counts: stats$ and events$', () => {
    const stats: ServerStats[] = [];
    scene(
      ({ path }) => (path === '/never' ? NEVER : { body: 'fine' }),
      (peer, world) => {
        world.server.stats$.subscribe((one) => stats.push(one));
        peer.begin();
        peer.get('/');
        const never = peer.get('/never');
        world.at(2500, () => peer.send(rstStreamFrame(never, Http2ErrorCode.CANCEL)));
      },
      (_, world) => {
        expect(stats[1]).toMatchObject({ active: 1, requests: 2, connections: { open: 1, idle: 0 } });
        expect(stats[1]?.waitingFor.handler.count).toBe(1);
        expect(stats[3]).toMatchObject({ active: 0, connections: { open: 1, idle: 1 } });
        expect(world.eventTypes().filter((type) => type === 'request')).toHaveLength(2);
      },
    );
  });

  it('close(): GOAWAY, what is under way finishes, further requests are not taken', () => {
    scene(
      ({ path }) => timer(path === '/slow' ? 100 : 0).pipe(map(() => ({ body: 'fine' }))),
      (peer, world) => {
        peer.begin();
        peer.get('/slow');
        world.at(20, () => world.server.close());
        world.at(50, () => peer.get('/late'));
      },
      (peer, world) => {
        expect(peer.goaways.map(({ lastStreamId }) => lastStreamId)).toEqual([2 ** 31 - 1, 1]);
        expect([peer.of(1).body.toString(), peer.of(3).heads.length]).toEqual(['fine', 0]);
        expect(world.completedAt).toBeLessThan(200);
      },
    );
  });

  it('idle: closes gracefully after 5 s without a stream', () => {
    scene(
      () => ({ body: 'fine' }),
      (peer, world) => {
        peer.begin().get();
        world.at(3000, () => peer.get());
      },
      (peer, world) => {
        expect(peer.goaway).toBe('NO_ERROR');
        expect(peer.closedAt).toBe(8000);
        expect(world.eventsOf('timeout').map(({ error }) => error.code)).toEqual(['TIMEOUT_IDLE']);
      },
    );
  });

  it('a request that comes with the preface, in one piece, may take its time', () => {
    scene(
      () => timer(60_000).pipe(map(() => ({ body: 'late' }))),
      (peer) => {
        const settings = serializeFrame(settingsFrame([]));
        peer.raw(clientPreface(), settings, serializeFrame(peer.requestFrame(peer.nextId())));
      },
      (peer, world) => {
        expect(peer.of(1).body.toString()).toBe('late');
        expect(peer.closedAt).toBe(65_001);
        expect(world.eventsOf('timeout').map(({ error }) => error.code)).toEqual(['TIMEOUT_IDLE']);
      },
    );
  });

  it('setup: a preface that does not come; head: a frame that is not complete', () => {
    scene(
      () => ({ body: 'fine' }),
      (peer) => {
        peer.polite = false;
        peer.raw(Buffer.from('PRI * HTTP/2.0\r\n'));
      },
      (peer, world) => {
        expect(peer.closedAt).toBeLessThanOrEqual(10_010);
        expect(world.eventsOf('timeout').map(({ error }) => error.code)).toEqual(['TIMEOUT_SETUP']);
      },
    );
    scene(
      () => NEVER,
      (peer, world) => {
        peer.begin().get();
        world.at(100, () => peer.raw(Buffer.from([0, 0, 10, 1, 4, 0, 0, 0, 3, 1])));
      },
      (peer, world) => {
        expect(peer.goaway).toBe('ENHANCE_YOUR_CALM');
        expect(peer.heardAt('GOAWAY 0')).toBe(30_100);
        expect(world.eventsOf('timeout').map(({ error }) => error.code)).toEqual(['TIMEOUT_HEAD']);
      },
    );
  });

  it('rate: a body that trickles is reset; request: one that takes too long as well', () => {
    const trickle = (peer: VirtualPeer, world: World, id: number, bytesAt: number): void => {
      for (let at = 10; at < 400_000; at += 1000) {
        world.at(at, () => {
          if (peer.of(id).reset === undefined) peer.data(id, Buffer.alloc(bytesAt));
        });
      }
    };
    const read: Handler = (request) =>
      request.body.pipe(
        bytes({ maxBytes: 10 ** 9 }),
        map(() => ({ status: 204 })),
      );
    scene(
      read,
      (peer, world) => trickle(peer.begin(), world, peer.post(), 10),
      (peer, world) => {
        expect(peer.of(1).reset).toBe('CANCEL');
        expect(peer.heardAt('RST_STREAM 1')).toBeLessThan(13_000);
        expect(world.eventsOf('timeout').map(({ error }) => error.code)).toContain('TIMEOUT_RATE');
      },
    );
    scene(
      read,
      (peer, world) => trickle(peer.begin(), world, peer.post(), 1000),
      (peer, world) => {
        expect(peer.heardAt('RST_STREAM 1')).toBeGreaterThanOrEqual(300_000);
        expect(peer.heardAt('RST_STREAM 1')).toBeLessThan(303_000);
        expect(world.eventsOf('timeout').map(({ error }) => error.code)).toContain('TIMEOUT_REQUEST');
      },
    );
  });

  it('a consumer that holds stops the clock of the request', () => {
    scene(
      (request) =>
        request.body.pipe(
          holdMap((chunk) => timer(600_000).pipe(map(() => chunk))),
          bytes(),
          map(() => ({ status: 204 })),
        ),
      (peer) => {
        const id = peer.begin().post();
        peer.data(id, Buffer.alloc(1000));
      },
      (peer, world) => {
        expect(world.eventsOf('timeout').map(({ error }) => error.code)).toEqual(['TIMEOUT_RATE', 'TIMEOUT_IDLE']);
        expect(peer.heardAt('RST_STREAM 1')).toBeGreaterThan(600_000);
      },
    );
  });

  it('stall: a response that the client has no window for is reset after 30 s; with a window it goes on', () => {
    scene(
      () => ({ body: Buffer.alloc(10_000) }),
      (peer, world) => {
        const id = peer.begin({ initialWindowSize: 0 }).get();
        const other = peer.get();
        world.at(20_000, () => peer.send(windowUpdateFrame(other, 10_000)));
        expect(id).toBe(1);
      },
      (peer, world) => {
        expect([peer.of(1).reset, peer.of(3).body.length]).toEqual(['CANCEL', 10_000]);
        expect(peer.heardAt('RST_STREAM 1')).toBeLessThan(32_000);
        expect(world.eventsOf('timeout').map(({ error }) => error.code)).toEqual(['TIMEOUT_STALL', 'TIMEOUT_IDLE']);
      },
    );
  });
});
