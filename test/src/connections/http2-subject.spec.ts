import {
  exhaustMap,
  filter,
  map,
  type Observable,
  type SchedulerLike,
  Subject,
  take,
  takeUntil,
  timeout,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { hold } from '../../../operators/core/deliver.js';
import { ProtocolError } from '../../../operators/core/protocol-error.js';
import { Http2ErrorCode, http2ErrorName } from '../../../operators/http2/error-code.js';
import { FrameFlag, FrameType, frameTypeName } from '../../../operators/http2/frame-type.js';
import { HpackEncoder } from '../../../operators/hpack/encoder.js';
import type { OutboundFrame } from '../../../operators/http2/frame.js';
import { pushPromiseFrame } from '../../../operators/http2/frames/push-promise-frame.js';
import { pingFrame } from '../../../operators/http2/frames/ping-frame.js';
import { priorityFrame } from '../../../operators/http2/frames/priority-frame.js';
import { rawFrame, UNKNOWN, unknownFrame } from '../../../operators/http2/frames/unknown-frame.js';
import { PriorityTree } from '../../../operators/http2/priority-tree.js';
import { connect } from '../../../src/client/connect.js';
import type { Http2Config } from '../../../src/connections/http2-config.js';
import type { Http2Event } from '../../../src/connections/http2-event.js';
import type { Http2Subject } from '../../../src/connections/http2-subject.js';
import type { Http2StreamSubject } from '../../../src/connections/http2-stream-subject.js';
import { acceptHttp2 } from '../../../src/server/accept.js';
import { memoryNetwork } from '../../../src/sockets/memory.js';
import { runMarbles } from '../../support/marbles.js';

const LATENCY = 3;
const GET = { type: 'request', method: 'GET', scheme: 'http', authority: 'a', path: '/', endStream: true } as const;
const POST = { ...GET, method: 'POST', endStream: false } as const;
const bytes = (text: string): Uint8Array => Buffer.from(text);

interface World {
  readonly client: Http2Subject;
  readonly server: Http2Subject;
  /** Runs this at a time. */
  readonly at: (time: number, task: () => void) => void;
  readonly now: () => number;
  /** What happened, and when. */
  readonly log: string[];
  readonly note: (text: string) => void;
  readonly flush: () => void;
  readonly scheduler: SchedulerLike;
}

/** Both ends of a connection, driven by hand under virtual time, a few milliseconds apart. The handshake is over at 6. */
function between(body: (world: World) => void, options: { client?: Http2Config; server?: Http2Config } = {}): void {
  runMarbles(({ scheduler, flush }) => {
    const network = memoryNetwork({ scheduler, latency: LATENCY });
    let client: Http2Subject | undefined;
    let server: Http2Subject | undefined;
    const log: string[] = [];
    const note = (text: string): void => void log.push(`${scheduler.now()} ${text}`);
    const begin = (): void => {
      if (client === undefined || server === undefined) return;
      const at: World['at'] = (time, task) => void timer(time - scheduler.now(), scheduler).subscribe(task);
      body({ client, server, at, note, log, flush, scheduler, now: () => scheduler.now() });
    };
    network.listen({ port: 80 }).subscribe(({ connections }) =>
      connections.subscribe((socket) => {
        server = acceptHttp2(socket, options.server, scheduler);
        begin();
      }),
    );
    const config = { url: 'http://a/', version: '2', network, scheduler, http2: options.client } as const;
    connect(config).subscribe((connection) => {
      client = connection;
      begin();
    });
    flush();
    expect(log.length, 'something happened').toBeGreaterThan(0);
    client?.error(undefined);
    server?.error(undefined);
    flush();
  });
}

function shown(event: Http2Event): string {
  if (event.type === 'request') return `${event.method} ${event.path}`;
  if (event.type === 'data') return Buffer.from(event.chunk).toString();
  if (event.type === 'end') return event.trailers === undefined ? 'end' : `end ${[...event.trailers].length}`;
  return String(event.status);
}

/** Notes all that is heard on a stream. */
function hear(world: World, stream: Observable<Http2Event>, name: string): void {
  stream.subscribe({
    next: (event) => world.note(`${name} ${shown(event)}`),
    error: (error: ProtocolError) => world.note(`${name} # ${error.code}`),
    complete: () => world.note(`${name} |`),
  });
}

/** The log once all is over. */
function expectLog(world: World, ...lines: readonly string[]): void {
  world.at(1000, () => expect(world.log).toEqual(lines));
}

describe('a connection driven by hand', () => {
  it('a stream is a sequence of events, both ways', () => {
    between((world) => {
      const { client, server, at } = world;
      server.streams$.subscribe((stream) => {
        hear(world, stream, `server ${stream.id}`);
        stream.next({ type: 'informational', status: 103 });
        stream.next({ type: 'response', status: 200, fields: { a: 'b' } });
        stream.next({ type: 'data', chunk: bytes('down') });
        stream.next({ type: 'end', trailers: { sum: '1' } });
      });
      at(10, () => {
        const stream = client.openStream();
        expect([stream.id, stream.state]).toEqual([0, 'idle']);
        hear(world, stream, 'client');
        stream.next(POST);
        expect([stream.id, stream.state]).toEqual([1, 'open']);
        stream.next({ type: 'data', chunk: bytes('up') });
        stream.complete();
        expect(stream.state).toBe('halfClosedLocal');
        at(50, () => expect(stream.state).toBe('closed'));
      });
      expectLog(
        world,
        '13 server 1 POST /',
        '13 server 1 up',
        '13 server 1 end',
        '13 server 1 |',
        '16 client 103',
        '16 client 200',
        '16 client down',
        '16 client end 1',
        '16 client |',
      );
    });
  });

  it('it is an Observable of the frames that come, and frames$ of those that go as well', () => {
    between((world) => {
      const { client, server, at } = world;
      server.streams$.subscribe((stream) => stream.next({ type: 'response', status: 204, endStream: true }));
      const inbound: string[] = [];
      const both: string[] = [];
      client.subscribe((frame) => inbound.push(frameTypeName(frame.type) ?? '?'));
      client.frames$.subscribe(({ direction, frame }) => both.push(`${direction} ${frameTypeName(frame.type)}`));
      at(10, () => {
        const stream = client.openStream();
        stream.subscribe({ complete: () => world.note('answered') });
        stream.next(GET);
      });
      at(20, () => {
        expect(inbound).toContain('HEADERS');
        expect(both.slice(-2)).toEqual(['out HEADERS', 'in HEADERS']);
        expect(both.filter((line) => line.startsWith('in')).map((line) => line.slice(3))).toEqual(inbound);
      });
    });
  });

  it('any frame can be written as it is', () => {
    between((world) => {
      const { client, server, at } = world;
      const seen: string[] = [];
      server.frames$.subscribe(({ direction, frame }) => seen.push(`${direction} ${frame.type}.${frame.flags}`));
      client.frames$.subscribe(() => undefined); // who watches changes nothing
      at(10, () => {
        seen.length = 0;
        client.next(pingFrame(bytes('opaque_8')));
        client.next(unknownFrame(0xfa, 0, bytes('any'), 1));
      });
      at(20, () => {
        expect(seen).toEqual(['in 6.0', 'out 6.1', `in ${UNKNOWN}.1`]);
        client.next(priorityFrame(1, { weight: 7 }));
      });
      at(30, () => {
        expect(seen.at(-1)).toBe('in 2.0');
        world.note('seen');
      });
    });
  });

  it.each([
    ['PING of 5 bytes', rawFrame(FrameType.PING, 0, bytes('short')), 'FRAME_SIZE_ERROR'],
    ['SETTINGS on a stream', rawFrame(FrameType.SETTINGS, 1, bytes('')), 'PROTOCOL_ERROR'],
    ['PUSH_PROMISE of a client', rawFrame(FrameType.PUSH_PROMISE, 1, bytes('0000'), 4), 'PROTOCOL_ERROR'],
    ['HEADERS that are no block', rawFrame(FrameType.HEADERS, 1, bytes('\x40'), 5), 'COMPRESSION_ERROR'],
    ['a stream below 0', rawFrame(FrameType.WINDOW_UPDATE, 1, Buffer.alloc(4)), 'PROTOCOL_ERROR'],
  ])('also one that is wrong, and the peer says so, whoever watches: %s', (_, wrong, code) => {
    between((world) => {
      const { client, server, at, note } = world;
      const out: number[] = [];
      client.frames$.subscribe(({ direction, frame }) => {
        if (direction === 'out' && world.now() >= 10) out.push('frameType' in frame ? frame.frameType : frame.type);
        if (direction === 'in' && frame.type === FrameType.GOAWAY) note(`GOAWAY ${http2ErrorName(frame.errorCode)}`);
      });
      server.closed$.subscribe(({ error }) => note(`server ${(error as ProtocolError).code}`));
      at(10, () => client.next(wrong));
      at(50, () => {
        expect(out[0]).toBe(wrong.frameType);
        expect(world.log).toContain(`16 GOAWAY ${code}`);
        expect(world.log.some((line) => line.endsWith(`server ${code}`))).toBe(true);
      });
    });
  });

  it('PING: several under way, each tells its round trip', () => {
    between((world) => {
      const { client, server, at, note } = world;
      const ask = (from: Http2Subject, name: string): void => {
        from.ping().subscribe({ next: (milliseconds) => note(`${name} ${milliseconds}`), complete: () => note(`${name} |`) }); // prettier-ignore
      };
      at(10, () => ask(client, 'a'));
      at(12, () => {
        ask(client, 'b');
        ask(client, 'c');
        ask(server, 'd');
        client.ping().subscribe(() => note('left')).unsubscribe(); // prettier-ignore
      });
      expectLog(world, '16 a 6', '16 a |', '18 d 6', '18 d |', '18 b 6', '18 b |', '18 c 6', '18 c |');
    });
  });

  it('PING: is cold, 64 wait at most, and the end of the connection ends those that do', () => {
    between((world) => {
      const { client, server, at, note } = world;
      at(10, () => {
        const ping = client.ping();
        for (let i = 0; i < 64; i++) ping.subscribe({ complete: () => i === 63 && note('over') });
        ping.subscribe({ error: (error: ProtocolError) => note(error.code) });
        server.error(undefined);
      });
      expectLog(world, '10 PING_LIMIT', '13 over');
    });
  });

  it('a keep-alive of PINGs, and a limit on the time of SETTINGS, are a line of RxJS each', () => {
    between((world) => {
      const { client, at, note, scheduler } = world;
      const lost = new Subject<void>();
      const keepAlive = timer(10, 20, scheduler).pipe(
        exhaustMap(() => client.ping().pipe(timeout({ first: 5, scheduler }))),
        takeUntil(lost),
      );
      const settled = client.settings$.pipe(
        filter(({ pending }) => pending === 0),
        timeout({ first: 5, scheduler }),
        take(1),
      );
      const refuses = (name: string) => ({ error: (error: Error) => note(`${name} ${error.name}`) });
      keepAlive.subscribe({ next: (trip) => note(String(trip)), ...refuses('ping') }); // the trip takes 6
      settled.subscribe(refuses('settings'));
      at(100, () => lost.next());
      expectLog(world, `${world.now() + 5} settings TimeoutError`, `${world.now() + 15} ping TimeoutError`);
    });
  });

  it('SETTINGS are a state: what holds on either side, and how much is not acknowledged', () => {
    between(
      (world) => {
        const { client, server, at, note } = world;
        client.settings$.subscribe({
          next: ({ local, remote, pending }) =>
            note(`client ${local.initialWindowSize} ${remote.maxConcurrentStreams} ${pending}`),
          complete: () => note('client |'),
        });
        server.settings$
          .pipe(map(({ remote }) => remote.initialWindowSize))
          .subscribe((size) => note(`server ${size}`));
        at(20, () => client.changeSettings({ initialWindowSize: 1000 }));
        at(30, () => server.changeSettings({ maxConcurrentStreams: 9 }));
        expect(() => client.changeSettings({ maxFrameSize: 1 })).toThrow(
          expect.objectContaining({ code: 'INVALID_SETTING' }) as Error,
        );
        at(40, () => client.error(undefined));
        at(41, () => expect(world.log.at(-1)).toBe('40 client |'));
        at(42, () => {
          const tail = world.log.filter((line) => Number.parseInt(line, 10) >= 20);
          expect(tail).toEqual([
            '20 client 500 7 1',
            '23 server 1000',
            '26 client 1000 7 0',
            '30 server 1000', // it has announced something itself
            '33 client 1000 9 0',
            '36 server 1000', // which is acknowledged
            '40 client |',
          ]);
        });
      },
      { client: { settings: { initialWindowSize: 500 } }, server: { settings: { maxConcurrentStreams: 7 } } },
    );
  });

  it('what is held of a stream withholds its window, and that of no other', () => {
    between(
      (world) => {
        const { client, server, at, note } = world;
        server.streams$.subscribe((stream) => {
          stream.next({ type: 'response', status: 200 });
          stream.next({ type: 'data', chunk: bytes('0123456789') });
          stream.complete();
        });
        const read = (name: string, keep: boolean): void => {
          const stream = client.openStream();
          let release: (() => void) | undefined;
          stream.subscribe((event) => {
            if (event.type === 'data') note(`${name} ${shown(event)}`);
            if (event.type === 'data' && keep) release ??= hold();
          });
          stream.next(GET);
          at(50, () => release?.());
        };
        at(10, () => {
          read('held', true);
          read('free', false);
        });
        expectLog(world, '16 held 0123', '16 free 0123', '22 free 4567', '28 free 89', '56 held 4567', '62 held 89');
      },
      { client: { settings: { initialWindowSize: 4 } } },
    );
  });

  it('leaving a stream resets it with CANCEL; what the peer resets fails with the name of its code', () => {
    between((world) => {
      const { client, server, at } = world;
      server.streams$.subscribe((stream) => {
        hear(world, stream, `server ${stream.id}`);
        if (stream.id === 3) stream.reset(Http2ErrorCode.ENHANCE_YOUR_CALM);
        if (stream.id === 5) stream.error(new Error('no more'));
      });
      at(10, () => {
        const left = client.openStream();
        const reading = left.subscribe();
        left.next(POST);
        at(20, () => reading.unsubscribe());
        for (const name of ['calm', 'failed']) {
          const stream = client.openStream();
          hear(world, stream, name);
          stream.next(GET);
        }
      });
      expectLog(
        world,
        '13 server 1 POST /',
        '13 server 3 GET /',
        '13 server 3 end',
        '13 server 3 |',
        '13 server 5 GET /',
        '13 server 5 end',
        '13 server 5 |',
        '16 calm # ENHANCE_YOUR_CALM',
        '16 failed # CANCEL',
        '23 server 1 # CANCEL',
      );
    });
  });

  it('a stream that nobody takes is refused', () => {
    between((world) => {
      const { client, at } = world;
      at(10, () => {
        const stream = client.openStream();
        hear(world, stream, 'client');
        stream.next(GET);
      });
      expectLog(world, '16 client # REFUSED_STREAM');
    });
  });

  it('pushes are streams$ of a client that allows them; one that nobody takes is cancelled', () => {
    between(
      (world) => {
        const { client, server, at, note } = world;
        const promise = (promisedId: number): OutboundFrame =>
          pushPromiseFrame(1, promisedId, new HpackEncoder().encode([':method', 'GET', ':scheme', 'http', ':authority', 'a', ':path', '/p'])); // prettier-ignore
        server.frames$.subscribe(({ direction, frame }) => {
          if (direction === 'in' && frame.type === FrameType.RST_STREAM) note(`reset ${frame.streamId}`);
        });
        server.streams$.subscribe(() => server.next(promise(2)));
        at(10, () => {
          const taking = client.streams$.subscribe((stream) => hear(world, stream, `push ${stream.id}`));
          client.openStream().next(GET);
          at(17, () => {
            taking.unsubscribe();
            server.next(promise(4));
          });
        });
        // It does not know of the streams it has written by hand: their reset is none it takes.
        expectLog(world, '16 push 2 GET /p', '23 reset 4', '26 push 2 # CONNECTION_CLOSED');
      },
      { client: { settings: { enablePush: true } } },
    );
  });

  it('complete: GOAWAY in two steps, what is under way is finished, nothing is begun', () => {
    between((world) => {
      const { client, server, at, note } = world;
      const requests: Http2StreamSubject[] = [];
      server.streams$.subscribe((stream) => requests.push(stream));
      client.frames$.subscribe(({ direction, frame }) => {
        if (frame.type === FrameType.GOAWAY) note(`${direction} GOAWAY ${frame.lastStreamId}`);
      });
      client.closed$.subscribe({ next: ({ error }) => note(`client closed ${String(error)}`) });
      server.closed$.subscribe({ next: ({ error }) => note(`server closed ${String(error)}`) });
      at(10, () => {
        const stream = client.openStream();
        hear(world, stream, 'client');
        stream.next(GET);
      });
      at(20, () => {
        server.complete();
        expect(server.state).toBe('closing');
      });
      at(24, () => {
        expect([client.state, client.mayOpen]).toEqual(['closing', false]);
        expect(() => client.openStream().next(GET)).toThrow(expect.objectContaining({ code: 'STREAM_LIMIT' }) as Error);
      });
      at(40, () => requests[0]?.next({ type: 'response', status: 204, endStream: true }));
      at(60, () => {
        server.closed$.subscribe({ next: () => note('told late') });
        client.next(pingFrame(bytes('opaque_8'))); // of no effect any more
        client.ping().subscribe({ complete: () => note('no PING') });
      });
      at(99, () => {
        expect(world.log.slice(0, 4)).toEqual([
          `23 in GOAWAY ${2 ** 31 - 1}`,
          '29 in GOAWAY 1',
          '43 client 204',
          '43 client end',
        ]);
        expect(world.log).toContain('60 told late');
        expect(world.log).toContain('60 no PING');
        expect(world.log.filter((line) => line.endsWith('closed undefined'))).toHaveLength(2);
      });
    });
  });

  it('error: at once, and the other side hears of it', () => {
    between((world) => {
      const { client, server, at, note } = world;
      const failure = new ProtocolError('PROTOCOL_ERROR', 'mine');
      server.streams$.subscribe((stream) => hear(world, stream.pipe(filter(({ type }) => type === 'data')), 'server'));
      client.closed$.subscribe(({ error }) => note(`closed ${(error as ProtocolError).code}`));
      at(10, () => {
        const stream = client.openStream();
        hear(world, stream, 'client');
        stream.next(POST);
      });
      at(20, () => client.error(failure));
      expectLog(world, '20 client # PROTOCOL_ERROR', '20 closed PROTOCOL_ERROR', '23 server # ECONNRESET');
    });
  });

  it('what the order of events does not allow is told at once', () => {
    between((world) => {
      const { client, server, at, note } = world;
      const refused = (task: () => void, code: string): void =>
        expect(task).toThrow(expect.objectContaining({ name: 'UsageError', code }) as Error);
      server.streams$.subscribe((stream) => {
        refused(() => stream.next({ ...GET }), 'ILLEGAL_EVENT');
        stream.next({ type: 'response', status: 204, endStream: true });
        stream.next({ type: 'data', chunk: bytes('late') }); // it is over: nobody waits for that
        note('checked');
      });
      at(10, () => {
        const stream = client.openStream();
        refused(() => stream.next({ type: 'data', chunk: bytes('a') }), 'ILLEGAL_EVENT');
        stream.subscribe();
        stream.next(GET);
        refused(() => stream.next(GET), 'ILLEGAL_EVENT');
        refused(() => client.openStream().next({ ...GET, fields: { 'a b': 'c' } }), 'INVALID_FIELD_NAME');
      });
      at(50, () => expect(world.log).toEqual(['13 checked']));
    });
  });

  it('the streams it may open are those the peer takes', () => {
    between(
      (world) => {
        const { client, server, at, note } = world;
        server.streams$.subscribe((stream) =>
          at(30, () => stream.next({ type: 'response', status: 204, endStream: true })),
        );
        at(10, () => {
          client.openStream().next(GET);
          expect(client.mayOpen).toBe(false);
          expect(() => client.openStream().next(GET)).toThrow(
            expect.objectContaining({ code: 'STREAM_LIMIT' }) as Error,
          );
        });
        at(40, () => {
          expect(client.mayOpen).toBe(true);
          note('again');
        });
      },
      { server: { settings: { maxConcurrentStreams: 1 } } },
    );
  });

  it('extended CONNECT and reprioritize are there', () => {
    between((world) => {
      const { client, server, at, note } = world;
      server.streams$.subscribe((stream) =>
        stream.subscribe({
          next: (event) => {
            if (event.type !== 'request') return;
            note(`${event.method} ${event.protocol}`);
            stream.reprioritize({ urgency: 0, incremental: true });
            stream.next({ type: 'response', status: 200 });
          },
          error: () => undefined,
        }),
      );
      at(10, () => {
        const stream = client.openStream();
        hear(world, stream, 'client');
        stream.next({ ...POST, method: 'CONNECT', protocol: 'mine' });
      });
      at(50, () => expect(world.log).toEqual(['13 CONNECT mine', '16 client 200']));
    });
  });
});

describe('the tree of RFC 7540, for whoever wants it', () => {
  it('grows of the frames of a connection: weights, exclusive dependencies, new places, and streams that end', () => {
    between((world) => {
      const { client, server, at, note } = world;
      const tree = new PriorityTree();
      server.subscribe((frame) => {
        if (frame.type === FrameType.PRIORITY) tree.set(frame.streamId, frame);
        if (frame.type === FrameType.HEADERS) {
          if ((frame.flags & FrameFlag.PRIORITY) !== 0) tree.set(frame.streamId, frame);
          else if (!tree.has(frame.streamId)) tree.set(frame.streamId);
        }
        if (frame.type === FrameType.RST_STREAM) tree.remove(frame.streamId);
      });
      server.streams$.subscribe((stream) => stream.subscribe({ error: () => undefined }));
      const open = (): Http2StreamSubject => {
        const stream = client.openStream();
        stream.subscribe({ error: () => undefined });
        stream.next(POST);
        return stream;
      };
      at(10, () => {
        const [first] = [open(), open(), open()]; // 1, 3, 5
        client.next(priorityFrame(3, { dependency: 1, weight: 200 }));
        client.next(priorityFrame(5, { dependency: 1, weight: 100 }));
        client.next(priorityFrame(5, { dependency: 1, weight: 100, exclusive: true }));
        at(20, () => {
          expect([tree.childrenOf(0), tree.childrenOf(1), tree.childrenOf(5)]).toEqual([[1], [5], [3]]);
          expect([1, 3, 5].map((id) => tree.weightOf(id))).toEqual([16, 200, 100]);
          client.next(priorityFrame(1, { dependency: 3 })); // 3 takes the place of 1 first
        });
        at(30, () => {
          expect([tree.childrenOf(0), tree.childrenOf(3), tree.childrenOf(1)]).toEqual([[3], [1], [5]]);
          expect([...tree.shares((id) => id === 1 || id === 5)]).toEqual([[1, 1]]);
          first?.reset();
        });
        at(40, () => {
          expect([tree.size, tree.childrenOf(3)]).toEqual([2, [5]]);
          note('done');
        });
      });
    });
  });
});
