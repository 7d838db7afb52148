/** Streams that a server is handed: of connections that are driven by hand, in both versions, and promised ones. */
import { delay, finalize, map, NEVER, type Observable, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../../operators/body/text.js';
import { hold } from '../../../operators/core/deliver.js';
import { Http2ErrorCode } from '../../../operators/http2/error-code.js';
import { rstStreamFrame } from '../../../operators/http2/frames/rst-stream-frame.js';
import type { Http1Stream } from '../../../operators/http1/http1-stream.js';
import type { Http2StreamSubject } from '../../../src/connections/http2-stream-subject.js';
import type { Http2Subject } from '../../../src/connections/http2-subject.js';
import { acceptHttp1, acceptHttp2 } from '../../../src/server/accept.js';
import { acceptWebSocket } from '../../../src/server/accept-web-socket.js';
import type { ServerRequest } from '../../../src/server/server-request.js';
import { memoryPair } from '../../../src/sockets/memory-socket.js';
import { thrownBy } from '../../support/http1-streams.js';
import { VirtualPeer, watchConnections } from '../../support/http2-frames.js';
import { get, inVirtualTime, post, VirtualClient, type World } from './world.js';

/** A connection that somebody else runs, whose requests go to `take`; default, to the server. */
function http1(world: World, take = (stream: Http1Stream) => world.server.addStream(stream)): VirtualClient {
  const client = new VirtualClient(world.scheduler);
  const [near, far] = memoryPair({ scheduler: world.scheduler });
  client.attach(near);
  acceptHttp1(far).streams$.subscribe(take);
  return client;
}

function http2(
  world: World,
  take = (stream: Http2StreamSubject) => world.server.addStream(stream),
  settings: Parameters<VirtualPeer['begin']>[0] = {},
): { peer: VirtualPeer; connection: Http2Subject } {
  const [near, far] = memoryPair({ scheduler: world.scheduler });
  const connection = acceptHttp2(far, { settings: { enableConnectProtocol: true } }, world.scheduler);
  connection.streams$.subscribe(take);
  const peer = new VirtualPeer('client', near, world.scheduler).begin(settings);
  return { peer, connection };
}

/** Says after how many milliseconds what was asked, and with what body. */
const late =
  (milliseconds: number) =>
  ({ method, path, version, body }: ServerRequest): Observable<{ body: string }> =>
    body.pipe(
      text(),
      map((sent) => ({ body: `${version} ${method} ${path} ${sent}` })),
      delay(milliseconds),
    );

describe('a stream that is handed over', () => {
  it('is answered by the handler, counts as a connection, and its connection goes on', () => {
    inVirtualTime(
      (world) => {
        world.serve(late(10));
        const counts: number[] = [];
        let client!: VirtualClient;
        let peer!: VirtualPeer;
        world.at(1, () => {
          world.server.connections$.subscribe((count) => counts.push(count));
          client = http1(world);
          ({ peer } = http2(world));
          client.send(post('/one', 4, 'body') + get('/two'));
          peer.get('/three');
          peer.data(peer.post('/four'), 'body', true);
        });
        world.at(20, () => {
          expect(client.received).toMatch(/1\.1 POST \/one body[^]*1\.1 GET \/two $/);
          expect(client.received).not.toContain('connection: close');
          expect([peer.of(1).body.toString(), peer.of(3).body.toString()]).toEqual([
            '2 GET /three ',
            '2 POST /four body',
          ]);
          expect(counts).toEqual([0, 1, 2, 3, 4, 3, 2, 1, 0]);
          client.send(get('/again'));
          peer.get('/again');
        });
        world.at(40, () => {
          expect(client.received.endsWith('1.1 GET /again ')).toBe(true);
          expect(peer.of(5).body.toString()).toBe('2 GET /again ');
          expect([client.closedAt, peer.closedAt]).toEqual([undefined, undefined]);
        });
      },
      (world) => expect(world.eventsOf('request')).toHaveLength(6),
    );
  });

  it('may have been kept for a while: what has come of its body is there, with its credit', () => {
    inVirtualTime(
      (world) => {
        const bodies: string[] = [];
        world.serve((request) => late(0)(request).pipe(map((response) => (bodies.push(response.body), response))));
        world.at(1, () => {
          const kept: (() => void)[] = [];
          const client = http1(world, (stream) => kept.push(() => world.server.addStream(stream)));
          const { peer } = http2(world, (stream) => kept.push(() => world.server.addStream(stream)));
          client.send(post('/h1', 6, 'abc'));
          const id = peer.post('/h2');
          peer.data(id, 'abc');
          const whole = peer.post('/whole');
          peer.data(whole, 'all', true);
          world.at(5, () => {
            for (const add of kept) add();
          });
          world.at(6, () => {
            client.send('def');
            peer.data(id, 'def', true);
          });
          world.at(20, () => {
            expect(bodies.sort()).toEqual(['1.1 POST /h1 abcdef', '2 POST /h2 abcdef', '2 POST /whole all']);
            expect(client.statuses).toEqual([200]);
            expect(peer.statuses).toEqual(['200', '200']);
          });
        });
      },
      () => undefined,
    );
  });

  it('one whose body came whole before is read the same way', () => {
    inVirtualTime(
      (world) => {
        world.serve(late(0));
        world.at(1, () => {
          let kept!: Http1Stream;
          const client = http1(world, (stream) => (kept = stream));
          client.send('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx: y\r\n\r\n');
          world.at(5, () => world.server.addStream(kept));
          world.at(9, () => expect(client.received.endsWith('1.1 POST / abc')).toBe(true));
        });
      },
      () => undefined,
    );
  });

  it('goes through what holds for all requests: 417, 400, the limits of its connection', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({ body: 'never' }));
        world.at(1, () => {
          const expectation = http1(world);
          expectation.send(get('/', 'expect: the-spanish-inquisition'));
          const malformed = http1(world);
          malformed.send('GET / HTTP/1.1\r\nhost: a b\r\n\r\n');
          const inBody = http1(world);
          inBody.send('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n');
          world.at(5, () => {
            expect([expectation.statuses, malformed.statuses]).toEqual([[417], [400]]);
            expect(inBody.statuses).toEqual([200]); // which was its answer before the body broke
          });
        });
      },
      (world) => expect(world.eventsOf('refused').map(({ status }) => status)).toEqual([417, 400]),
    );
  });

  it('whose body breaks a rule is told so, if it has no answer yet', () => {
    inVirtualTime(
      (world) => {
        const failures: unknown[] = [];
        world.serve(({ body }) => {
          body.subscribe({ error: (error: { code: string }) => failures.push(error.code) });
          return NEVER;
        });
        world.at(1, () => {
          const client = http1(world);
          client.send('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n');
          world.at(3, () => client.send('zz\r\n'));
          world.at(5, () => {
            expect(client.statuses).toEqual([400]);
            expect(failures).toEqual(['BAD_CHUNK']);
          });
        });
      },
      (world) => expect(world.eventsOf('refused')).toHaveLength(1),
    );
  });

  it('is cancelled when its client goes', () => {
    inVirtualTime(
      (world) => {
        const gone: string[] = [];
        world.serve(({ version, cancelled$ }) => {
          cancelled$.subscribe({ next: () => gone.push(`${version} told`) });
          return NEVER.pipe(finalize(() => gone.push(`${version} left`)));
        });
        world.at(1, () => {
          const client = http1(world);
          const { peer } = http2(world);
          client.send(get('/'));
          const id = peer.get('/');
          world.at(5, () => {
            client.socket.error(new Error('gone'));
            peer.send(rstStreamFrame(id, Http2ErrorCode.CANCEL));
          });
          world.at(9, () => expect(gone.sort()).toEqual(['1.1 left', '1.1 told', '2 left', '2 told']));
        });
      },
      () => undefined,
    );
  });

  it('may leave HTTP: a WebSocket, which hears 1001 when the server closes', () => {
    inVirtualTime(
      (world) => {
        world.serve((request) => acceptWebSocket(request, {}, (socket) => socket));
        let peer!: VirtualPeer;
        let client!: VirtualClient;
        world.at(1, () => {
          client = http1(world);
          ({ peer } = http2(world));
          client.send(
            get('/', 'connection: upgrade', 'upgrade: websocket', 'sec-websocket-version: 13', 'sec-websocket-key: AQIDBAUGBwgJCgsMDQ4PEA=='), // prettier-ignore
          );
          const list = [':method', 'CONNECT', ':protocol', 'websocket', ':scheme', 'http', ':authority', 'a', ':path', '/', 'sec-websocket-version', '13']; // prettier-ignore
          peer.headers(peer.nextId(), Object.fromEntries(list.map((_, i) => [list[i], list[i + 1]]).filter((__, i) => i % 2 === 0)) as Record<string, string>); // prettier-ignore
        });
        const hello = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]);
        world.at(5, () => {
          client.socket.next(hello);
          peer.data(1, hello);
        });
        world.at(9, () => {
          expect(client.received.endsWith('\x81\x02hi')).toBe(true);
          expect(peer.of(1).body.toString('latin1')).toBe('\x81\x02hi');
          world.server.close();
        });
        world.at(15, () => {
          expect(client.received.endsWith('\x81\x02hi\x88\x02\x03\xe9')).toBe(true);
          expect(peer.of(1).body.toString('latin1').endsWith('\x88\x02\x03\xe9')).toBe(true);
          const close = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 3, 0xe9]);
          client.socket.next(close);
          peer.data(1, close, true);
        });
        world.at(40, () => expect(world.completedAt).toBeDefined());
      },
      () => undefined,
    );
  });
});

describe('a promised stream', () => {
  it('is answered by the handler as if the client had asked', () => {
    inVirtualTime(
      (world) => {
        world.serve(late(5));
        let peer!: VirtualPeer;
        world.at(1, () => {
          ({ peer } = http2(world, (stream) => {
            const promised = stream.push({ path: '/style.css', scheme: 'http', authority: 'server', fields: { Accept: 'text/css' } }); // prettier-ignore
            world.server.addStream(stream);
            world.server.addStream(promised);
          }));
          peer.get('/page');
        });
        world.at(20, () => {
          expect(peer.of(1).heads[0]).toMatchObject({ ':path': '/style.css', accept: 'text/css' });
          expect(peer.of(1).body.toString()).toBe('2 GET /page ');
          expect(peer.of(2).body.toString()).toBe('2 GET /style.css ');
          expect(peer.of(2).ended).toBe(true);
        });
      },
      (world) => expect(world.eventsOf('request').map(({ request }) => request.path)).toEqual(['/page', '/style.css']),
    );
  });

  it('not where the client takes none, nor what cannot be pushed', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({}));
        const refusals: (string | undefined)[] = [];
        const page = { path: '/', scheme: 'http', authority: 'a' };
        world.at(1, () => {
          const off = http2(world, (stream) => refusals.push(thrownBy(() => stream.push(page))), { enablePush: false });
          off.peer.get('/');
          const on = http2(world, (stream) => {
            refusals.push(
              thrownBy(() => stream.push({ ...page, path: 'x' })),
              thrownBy(() => stream.push({ ...page, method: 'PUT' as 'GET' })),
              thrownBy(() => stream.push({ ...page, authority: '' })),
              thrownBy(() => stream.push({ ...page, fields: { connection: 'close' } })),
              thrownBy(() => on.connection.openStream().push(page)),
            );
            stream.reset();
            refusals.push(thrownBy(() => stream.push(page)));
          });
          on.peer.get('/');
        });
        world.at(5, () =>
          expect(refusals).toEqual([
            'PUSH_DISABLED',
            'INVALID_TARGET',
            'INVALID_METHOD',
            'INVALID_TARGET',
            'INVALID_TARGET',
            'ILLEGAL_EVENT',
            'ILLEGAL_STREAM_STATE',
          ]),
        );
      },
      () => undefined,
    );
  });
});

describe('limits', () => {
  it('one more than `maxConnections` is refused', () => {
    inVirtualTime(
      (world) => {
        world.serve(late(10), { maxConnections: 1 });
        world.at(1, () => {
          const client = http1(world);
          const { peer } = http2(world);
          client.send(get('/1').repeat(2));
          world.at(2, () => peer.get('/2'));
          world.at(5, () =>
            expect(peer.resets.map(({ errorCode }) => errorCode)).toEqual([Http2ErrorCode.REFUSED_STREAM]),
          );
          world.at(20, () => expect(client.statuses).toEqual([200, 503]));
        });
      },
      (world) =>
        expect(world.eventsOf('refused')).toMatchObject([
          { status: 503, error: { code: 'CONNECTION_LIMIT' } },
          { status: 503, error: { code: 'CONNECTION_LIMIT' } },
        ]),
    );
  });

  it('a body that is too slow: 408, or a reset', () => {
    inVirtualTime(
      (world) => {
        world.serve(late(0), { timeout: { request: 5000 }, minRate: 0 });
        world.at(0, () => {
          const client = http1(world);
          const { peer } = http2(world);
          client.send(post('/', 10, 'a'));
          const id = peer.post('/');
          peer.data(id, 'a');
          world.at(4900, () => expect([client.statuses, peer.resets]).toEqual([[], []]));
          world.at(6100, () => {
            expect(client.statuses).toEqual([408]);
            expect(peer.resets.map(({ errorCode }) => errorCode)).toEqual([Http2ErrorCode.CANCEL]);
          });
        });
      },
      (world) => expect(world.eventsOf('timeout').map(({ error }) => error.phase)).toEqual(['request', 'request']),
    );
  });

  it('not while the handler holds the body', () => {
    inVirtualTime(
      (world) => {
        const releases: (() => void)[] = [];
        world.serve(({ body }) => {
          body.subscribe(() => releases.push(hold()));
          return of({ body: 'done' }).pipe(delay(8000));
        }, { timeout: { request: 5000 }, minRate: 0 }); // prettier-ignore
        world.at(0, () => {
          const client = http1(world);
          const { peer } = http2(world);
          client.send(post('/', 10, 'a'));
          const id = peer.post('/');
          peer.data(id, 'a');
          world.at(7900, () => expect([client.statuses, peer.resets]).toEqual([[], []]));
          world.at(9000, () => {
            expect([client.statuses, peer.statuses]).toEqual([[200], ['200']]);
            for (const release of releases) release();
            client.send('bcdefghij');
            peer.data(id, 'b', true);
            for (const release of releases.splice(0)) release();
          });
        });
      },
      (world) => expect(world.eventsOf('timeout')).toEqual([]),
    );
  });

  it('a client that does not read its answer is cut off', () => {
    inVirtualTime(
      (world) => {
        const big = Buffer.alloc(1_000_000);
        world.serve(() => ({ body: big }), { timeout: { stall: 5000 } });
        world.at(0, () => {
          const { peer } = http2(world, undefined, { initialWindowSize: 10 });
          peer.get('/');
          const [near, far] = memoryPair({ scheduler: world.scheduler });
          acceptHttp1(far).streams$.subscribe((stream) => world.server.addStream(stream));
          near.next(Buffer.from(get('/')));
          world.at(9000, () => {
            expect(peer.resets).toHaveLength(1);
            expect(far.destroyed).toBe(true);
          });
        });
      },
      (world) => expect(world.eventsOf('timeout').map(({ error }) => error.phase)).toEqual(['stall', 'stall']),
    );
  });
});

describe('close', () => {
  it('waits for what it was handed, and leaves its connection alone', () => {
    inVirtualTime(
      (world) => {
        world.serve(late(100));
        let client!: VirtualClient;
        let peer!: VirtualPeer;
        world.at(0, () => {
          client = http1(world);
          ({ peer } = http2(world));
          client.send(get('/'));
          peer.get('/');
        });
        world.at(50, () => world.server.close());
        world.at(60, () => expect(world.completedAt).toBeUndefined());
        world.at(150, () => {
          expect([client.statuses, peer.statuses]).toEqual([[200], ['200']]);
          expect(world.completedAt).toBe(100);
          expect([client.closedAt, peer.closedAt]).toEqual([undefined, undefined]);
        });
      },
      (world) => expect(world.eventTypes().at(-1)).toBe('closed'),
    );
  });

  it('after `grace` they are reset; what comes after it is refused', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => NEVER);
        let client!: VirtualClient;
        let peer!: VirtualPeer;
        let after!: VirtualClient;
        world.at(0, () => {
          client = http1(world);
          ({ peer } = http2(world));
          after = http1(world);
          client.send(get('/'));
          peer.get('/');
        });
        world.at(50, () => world.server.close({ grace: 10 }));
        world.at(55, () => {
          after.send(get('/'));
          peer.get('/after');
        });
        world.at(59, () => {
          expect(after.statuses).toEqual([503]);
          expect(peer.of(3).reset).toBe('REFUSED_STREAM');
        });
        world.at(70, () => {
          expect(client.failedAt).toBe(60);
          expect(peer.of(1).reset).toBe('CANCEL');
          expect(world.completedAt).toBe(60);
        });
        world.at(80, () => {
          after.send(get('/'));
          peer.get('/later');
        });
        world.at(90, () => {
          expect(after.statuses).toEqual([503, 503]);
          expect(peer.of(5).reset).toBe('REFUSED_STREAM');
        });
      },
      (world) =>
        expect(world.eventsOf('refused').map(({ error }) => (error as { phase: string }).phase)).toEqual([
          'close',
          'close',
        ]),
    );
  });
});

describe('what was kept and is refused then', () => {
  it('gives back the credit of what had come of it', () => {
    const connection = watchConnections();
    inVirtualTime(
      (world) => {
        world.serve(() => ({}));
        world.at(1, () => {
          let kept!: Http2StreamSubject;
          const { peer } = http2(world, (stream) => (kept = stream));
          peer.data(peer.post('/'), 'x'.repeat(1000));
          world.at(5, () => {
            expect(connection[0]?.lanes.credit.held).toBeGreaterThanOrEqual(1000);
            world.server.close();
            world.server.addStream(kept);
            expect(peer.of(1).reset).toBeUndefined();
          });
          world.at(9, () => {
            expect(peer.of(1).reset).toBe('REFUSED_STREAM');
            expect(connection[0]?.lanes.credit.held).toBe(0);
          });
        });
      },
      () => undefined,
    );
  });
});

describe('what is no stream to be answered', () => {
  it('has a reader, was answered, is over, or is a client’s', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({}));
        const add = (stream: Http1Stream | Http2StreamSubject) => thrownBy(() => world.server.addStream(stream));
        const found: (string | undefined)[] = [];
        world.at(1, () => {
          const first = http1(world, (stream) => {
            stream.subscribe();
            found.push(add(stream));
            stream.next({ type: 'response', status: 204 });
          });
          first.send(get('/'));
          const second = http1(world, (stream) => {
            stream.next({ type: 'response', status: 200 });
            found.push(add(stream));
            stream.next({ type: 'end' });
          });
          second.send(get('/'));
          const third = http1(world, (stream) => {
            found.push(add(stream), add(stream)); // it is over by then
            stream.next({ type: 'response', status: 500 }); // and not ours any more
          });
          third.send(get('/'));
          const { peer, connection } = http2(world, (stream) => {
            if (stream.id === 1) stream.subscribe();
            if (stream.id === 3) stream.next({ type: 'response', status: 204 });
            if (stream.id === 5) stream.reset();
            found.push(add(stream));
          });
          for (let i = 0; i < 4; i++) peer.get('/');
          world.at(5, () => {
            const expected = ['STREAM_IN_USE', 'STREAM_IN_USE', undefined, undefined];
            expect(found).toEqual([...expected, ...expected]);
            expect(third.statuses).toEqual([200]);
            expect(add(connection.openStream())).toBe('INVALID_OPTION');
            expect(add({} as Http1Stream)).toBe('INVALID_OPTION');
          });
        });
      },
      () => undefined,
    );
  });
});
