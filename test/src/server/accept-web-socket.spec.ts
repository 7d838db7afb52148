import { concat, delay, finalize, interval, map, NEVER, of, throwError, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  serializeWebSocketFrame,
  type WebSocketFrame,
  webSocketCloseFrame as close,
} from '../../../operators/websocket/frame.js';
import { WebSocketDecoder } from '../../../operators/websocket/decoder.js';
import { WebSocketOpcode } from '../../../operators/websocket/opcode.js';
import type { AcceptWebSocketConfig, WebSocketHandler } from '../../../src/server/accept-web-socket-config.js';
import { acceptWebSocket } from '../../../src/server/accept-web-socket.js';
import type { WebSocketSubject } from '../../../src/connections/web-socket-subject.js';
import { holdMap } from '../../../operators/core/hold-map.js';
import { binary, more, ping, text } from '../../operators/websocket/frames.js';
import { inWebSocketWorld, showStatus } from '../client/web-socket-world.js';
import { get, inVirtualTime, type VirtualClient, type World } from './world.js';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const LINES = ['upgrade: websocket', 'connection: Upgrade', `sec-websocket-key: ${KEY}`, 'sec-websocket-version: 13'];
const echo: WebSocketHandler = (socket) => socket;

function serveWebSocket(world: World, handler: WebSocketHandler = echo, config: AcceptWebSocketConfig = {}): void {
  const { scheduler } = world;
  world.serve((request) => acceptWebSocket(request, { scheduler, ...config }, handler));
}

function send(client: VirtualClient, ...frames: WebSocketFrame[]): void {
  for (const frame of frames) client.socket.next(serializeWebSocketFrame(frame, 0x3d21fa37));
}

/** What came behind the head, frame by frame. */
function heard(client: VirtualClient): string[] {
  const at = client.received.indexOf('\r\n\r\n') + 4;
  const decoder = new WebSocketDecoder({ role: 'client' });
  decoder.push(Buffer.from(client.received.slice(at), 'latin1'));
  const lines: string[] = [];
  while (decoder.read()) {
    const { opcode, bytes, start, end } = decoder;
    const payload = Buffer.from(bytes.subarray(start, end));
    const name = Object.entries(WebSocketOpcode).find(([, code]) => code === opcode)?.[0];
    lines.push(`${name} ${opcode === WebSocketOpcode.TEXT ? payload.toString() : payload.toString('hex')}`.trimEnd());
  }
  return lines;
}

/** Everything in virtual time, at millisecond 1 after the head was sent. */
function scene(
  handler: WebSocketHandler,
  work: (client: VirtualClient, world: World) => void,
  afterwards: (client: VirtualClient, world: World) => void = () => undefined,
  config: AcceptWebSocketConfig = {},
): void {
  let client!: VirtualClient;
  inVirtualTime(
    (world) => {
      serveWebSocket(world, handler, config);
      client = world.connect(get('/chat', ...LINES));
      world.at(1, () => {
        expect(client.statuses).toEqual([101]);
        work(client, world);
      });
    },
    (world) => afterwards(client, world),
  );
}

describe('the opening handshake', () => {
  it('is answered with 101, the accept of the key and the chosen subprotocol', () => {
    inVirtualTime(
      (world) => {
        serveWebSocket(world, echo, { protocols: ['b', 'a'], fields: { 'x-own': 'yes' } });
        const client = world.connect(get('/chat', ...LINES, 'sec-websocket-protocol: x, a, b'));
        world.at(1, () => {
          expect(client.received.split('\r\n')[0]).toBe('HTTP/1.1 101 Switching Protocols');
          expect(client.received).toContain('\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
          expect(client.received).toContain('\r\nsec-websocket-protocol: a\r\n');
          expect(client.received).toContain('\r\nx-own: yes\r\n');
          expect(client.received).not.toContain('sec-websocket-extensions');
          client.socket.error(undefined);
        });
      },
      () => undefined,
    );
  });

  const without = (name: string): string[] => LINES.filter((line) => !line.startsWith(name));
  it.each([
    ['a plain request', get('/'), 426],
    ['no Upgrade', get('/', ...without('upgrade')), 426],
    ['another protocol', get('/', 'upgrade: h2c', ...without('upgrade')), 426],
    ['no Connection: Upgrade', get('/', ...without('connection')), 400],
    ['no version', get('/', ...without('sec-websocket-version')), 426],
    ['another version', get('/', ...without('sec-websocket-version'), 'sec-websocket-version: 8'), 426],
    ['no key', get('/', ...without('sec-websocket-key')), 400],
    ['a short key', get('/', ...without('sec-websocket-key'), 'sec-websocket-key: AAAA'), 400],
    ['two keys', get('/', ...LINES, `sec-websocket-key: ${KEY}`), 400],
    ['HTTP/1.0', get('/', ...LINES).replace('HTTP/1.1', 'HTTP/1.0'), 400],
    ['POST', get('/', ...LINES).replace('GET', 'POST'), 405],
    ['a body', get('/', ...LINES, 'content-length: 1') + 'x', 400],
    ['a chunked body', get('/', ...LINES, 'transfer-encoding: chunked') + '0\r\n\r\n', 400],
    ['malformed subprotocols', get('/', ...LINES, 'sec-websocket-protocol: a,,b'), 400],
    ['subprotocols given twice', get('/', ...LINES, 'sec-websocket-protocol: a, a'), 400],
    ['malformed extensions', get('/', ...LINES, 'sec-websocket-extensions: ;;'), 400],
    ['E18 a page of another host', get('/', ...LINES, 'origin: https://evil.example'), 403],
    ['E18 a page without an origin of its own', get('/', ...LINES, 'origin: null'), 403],
    ['a page of the same host', get('/', ...LINES, 'origin: http://server'), 101],
  ])('%s: %#', (_, head, status) => {
    let called = false;
    inVirtualTime(
      (world) => {
        serveWebSocket(world, () => {
          called = true;
        });
        const client = world.connect(head);
        world.at(1, () => {
          expect(client.statuses).toEqual([status]);
          if (status === 426) {
            expect(client.received).toContain('\r\nsec-websocket-version: 13\r\n');
            expect(client.received.toLowerCase()).toContain('\r\nupgrade: websocket\r\n');
          }
          client.socket.error(undefined);
        });
      },
      (world) => {
        expect(called).toBe(status === 101);
        expect(world.eventTypes()).not.toContain('handler-error');
      },
    );
  });

  it('E18 the origins that are listed, or a function says, may connect', () => {
    for (const origin of [['https://good.example'], (from: string | undefined) => from === 'https://good.example']) {
      inVirtualTime(
        (world) => {
          serveWebSocket(world, echo, { origin });
          const good = world.connect(get('/', ...LINES, 'origin: https://good.example'));
          const bad = world.connect(get('/', ...LINES, 'origin: https://evil.example'));
          const none = world.connect(get('/', ...LINES));
          world.at(1, () => {
            expect([good, bad, none].map(({ statuses }) => statuses)).toEqual([[101], [403], [403]]);
            for (const client of [good, bad, none]) client.socket.error(undefined);
          });
        },
        () => undefined,
      );
    }
  });

  it('E15 too many fields are refused before anybody looks for Upgrade', () => {
    inVirtualTime(
      (world) => {
        serveWebSocket(world);
        const client = world.connect(get('/', ...LINES, ...Array.from({ length: 2000 }, (_, i) => `x-${i}: y`)));
        world.at(1, () => expect(client.statuses).toEqual([431]));
      },
      () => undefined,
    );
  });

  it('permessage-deflate is accepted only where the server says so', () => {
    inVirtualTime(
      (world) => {
        serveWebSocket(world, echo, { deflate: {} });
        const client = world.connect(get('/', ...LINES, 'sec-websocket-extensions: permessage-deflate'));
        world.at(1, () => {
          expect(client.received).toContain('\r\nsec-websocket-extensions: permessage-deflate; ');
          client.socket.error(undefined);
        });
      },
      () => undefined,
    );
  });

  it.each([
    [{ overflow: 'wait' as never }, 'INVALID_OPTION'],
    [{ maxQueued: 0 }, 'INVALID_LIMIT'],
    [{ maxMessageSize: -1 }, 'INVALID_LIMIT'],
    [{ maxMessageSize: NaN }, 'INVALID_LIMIT'],
    [{ maxMessageSize: 0 }, 'INVALID_LIMIT'],
    [{ maxFragments: 0 }, 'INVALID_LIMIT'],
    [{ closeTimeout: NaN }, 'INVALID_TIMEOUT'],
  ])('a config that makes no sense is the handler error %#', (config, code) => {
    inVirtualTime(
      (world) => {
        serveWebSocket(world, echo, config);
        const client = world.connect(get('/', ...LINES));
        world.at(1, () => expect(client.closedAt).toBeDefined());
      },
      (world) => expect(world.eventsOf('handler-error')).toMatchObject([{ error: { code } }]),
    );
  });
});

describe('a WebSocket of the server', () => {
  it('echoes in one line: text, binary, fragments with a ping inside', () => {
    scene(echo, (client, world) => {
      send(client, text('a'), binary('b'), text('c', false), ping('p'), more('d', true));
      world.at(2, () => {
        expect(heard(client)).toEqual(['TEXT a', 'BINARY 62', 'PONG 70', 'TEXT cd']);
        send(client, close(1000, 'bye'));
      });
      world.at(3, () => {
        expect(heard(client).at(-1)).toBe(`CLOSE 03e8${Buffer.from('bye').toString('hex')}`);
        expect(client.endedAt).toBe(2);
      });
    });
  });

  it('what was sent ahead of the answer is not lost', () => {
    inVirtualTime(
      (world) => {
        serveWebSocket(world);
        const ahead = Buffer.from(serializeWebSocketFrame(text('early'), 7)).toString('latin1');
        const client = world.connect(get('/', ...LINES) + ahead);
        world.at(1, () => {
          expect(heard(client)).toEqual(['TEXT early']);
          client.socket.error(undefined);
        });
      },
      () => undefined,
    );
  });

  it('what the handler returns is sent, and the socket closed with it', () => {
    scene(
      () => concat(of('one'), of('two').pipe(delay(10))),
      (client, world) => {
        expect(heard(client)).toEqual(['TEXT one']);
        world.at(11, () => {
          expect(heard(client)).toEqual(['TEXT one', 'TEXT two', 'CLOSE 03e8']);
          send(client, close(1000));
        });
      },
      (client) => expect(client.endedAt).toBe(11),
    );
  });

  it('an endless generator is pulled no faster than the client reads, and no longer than it is open', () => {
    let made = 0;
    function* numbers(): Generator<string> {
      try {
        for (;;) yield `${made++} ${'x'.repeat(1000)}`;
      } finally {
        made = -made;
      }
    }
    let client!: VirtualClient;
    inVirtualTime(
      (world) => {
        serveWebSocket(world, () => numbers());
        client = world.connect(get('/', ...LINES));
        world.at(10, () => send(client, close(1000)));
      },
      () => {
        expect(made).toBeLessThan(0);
        expect(-made * 1000).toBeLessThan(2_000_000);
      },
      { latency: 1 },
    );
  });

  it.each([
    ['throws', (): never => { throw new Error('boom'); }], // prettier-ignore
    ['fails', () => throwError(() => new Error('boom'))],
    ['fails on a message', (socket: WebSocketSubject) => socket.pipe(map((): string => { throw new Error('boom'); }))], // prettier-ignore
  ])('a handler that %s: 1011, and an event', (_, handler) => {
    scene(
      handler,
      (client, world) => {
        send(client, text('x'));
        world.at(2, () => {
          expect(heard(client)).toEqual(['CLOSE 03f3']);
          send(client, close(1011));
          client.socket.complete();
        });
      },
      (_client, world) => expect(world.eventsOf('handler-error')).toMatchObject([{ error: { message: 'boom' } }]),
    );
  });

  it('a client that vanishes, or breaks a rule, is no error of the handler; what it returned is unsubscribed', () => {
    for (const end of [
      (client: VirtualClient) => client.socket.error(undefined),
      (client: VirtualClient) => client.socket.next(Uint8Array.of(0x81, 0x01, 0x61)),
    ]) {
      let left = 0;
      scene(
        (socket) => {
          socket.subscribe({ error: ({ code }: { code: string }) => expect(code).not.toBe('') });
          return interval(10).pipe(
            map(String),
            finalize(() => left++),
          );
        },
        (client) => end(client),
        (_client, world) => {
          expect(world.eventTypes()).not.toContain('handler-error');
          expect(left).toBe(1);
        },
      );
    }
  });

  it('E2 limits on messages: 1009, and the reader learns it', () => {
    const told: string[] = [];
    scene(
      (socket) => void socket.subscribe({ error: ({ code }: { code: string }) => told.push(code) }),
      (client, world) => {
        send(client, text('x'.repeat(6), false), more('x'.repeat(5), true));
        world.at(2, () => expect(heard(client)[0]).toMatch(/^CLOSE 03f1/));
      },
      () => expect(told).toEqual(['MESSAGE_TOO_LARGE']),
      { maxMessageSize: 10 },
    );
  });

  it('messages before the first subscriber wait within bounds; then reading stops', () => {
    const got: unknown[] = [];
    scene(
      (socket) => {
        timer(10).subscribe(() => {
          expect(socket.heldBytes).toBe(4 * 256);
          socket.subscribe((message) => got.push(message));
        });
      },
      (client) => {
        for (let i = 0; i < 10; i++) send(client, text(String(i)));
        send(client, close(1000));
      },
      (client) => {
        expect(got).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        expect(client.endedAt).toBe(10);
      },
      { maxQueued: 4 },
    );
  });

  it('subscribing to it when it is over fails', () => {
    const told: string[] = [];
    let kept: WebSocketSubject | undefined;
    scene(
      (socket) => {
        kept = socket;
        socket.subscribe({ complete: () => told.push('complete') });
      },
      (client, world) => {
        send(client, close(1000));
        world.at(5, () => {
          kept?.subscribe({ error: ({ code }: { code: string }) => told.push(code) });
          kept?.next('dropped');
          expect(kept?.bufferedBytes).toBe(0);
          expect(kept?.state).toMatchObject({ state: 'closed', by: 'remote', clean: true });
        });
      },
      () => expect(told).toEqual(['complete', 'WEBSOCKET_NOT_OPEN']),
    );
  });
});

describe('E13 the end', () => {
  it('a client that does not answer our Close is cut off after 10 s', () => {
    scene(
      (socket) => {
        socket.subscribe({ error: () => undefined });
        timer(5).subscribe(() => socket.close(4000));
      },
      (_, world) => world.at(10_000, () => expect(world.sockets[0]?.destroyed).toBe(false)),
      (client) => expect(client.closedAt).toBe(10_005),
    );
  });

  it('a client that closes and keeps its side open is cut off after 10 s', () => {
    let client!: VirtualClient;
    inVirtualTime(
      (world) => {
        serveWebSocket(world);
        world.network.connect({ host: 'server', port: 80 }).subscribe((socket) => {
          client = { socket } as VirtualClient;
          socket.subscribe({ error: () => (client.failedAt = world.scheduler.now()) });
          socket.next(Buffer.from(get('/', ...LINES), 'latin1'));
        });
        world.at(1, () => send(client, close(1000)));
        world.at(10_000, () => expect(world.sockets[0]?.destroyed).toBe(false));
        world.at(10_002, () => expect(world.sockets[0]?.destroyed).toBe(true));
      },
      (world) => {
        expect(world.eventTypes()).not.toContain('handler-error');
      },
    );
  });

  it('when the server closes: 1001, and it is closed when the clients have answered', () => {
    let client!: VirtualClient;
    let completedAt: number | undefined;
    inVirtualTime(
      (world) => {
        serveWebSocket(world, () => NEVER);
        client = world.connect(get('/', ...LINES));
        world.at(10, () => world.server.close());
        world.at(20, () => {
          expect(heard(client)).toEqual(['CLOSE 03e9']);
          expect(world.completedAt).toBeUndefined();
          send(client, close(1001));
        });
        world.at(21, () => (completedAt = world.completedAt));
      },
      () => {
        expect(client.endedAt).toBe(20);
        expect(completedAt).toBe(20);
      },
    );
  });

  it('when the server closes and a client does not answer: its grace is all it has', () => {
    scene(
      () => NEVER,
      (_, world) => world.at(10, () => world.server.close({ grace: 100 })),
      (client, world) => {
        expect(heard(client)).toEqual(['CLOSE 03e9']);
        expect(client.closedAt).toBe(110);
        expect(world.completedAt).toBe(110);
      },
    );
  });

  it('a WebSocket accepted while the server closes is closed at once', () => {
    inVirtualTime(
      (world) => {
        const { scheduler } = world;
        world.serve((request) => of(acceptWebSocket(request, { scheduler }, () => NEVER)).pipe(delay(50, scheduler)));
        const client = world.connect(get('/', ...LINES));
        world.at(10, () => world.server.close());
        world.at(60, () => {
          expect(client.statuses).toEqual([101]);
          expect(heard(client)).toEqual(['CLOSE 03e9']);
          send(client, close(1001));
        });
      },
      (world) => expect(world.completedAt).toBe(60),
    );
  });
});

describe('both ends of ours', () => {
  it('states, subprotocol and codes on both sides', () => {
    const { log } = inWebSocketWorld(
      (world) => {
        world.serve(
          (socket) => {
            socket.state$.subscribe((status) => world.note(`server ${showStatus(status)}`));
            return socket.pipe(map((message) => `you said ${String(message)}`));
          },
          { protocols: ['v1'] },
        );
        const socket = world.open({ protocols: ['v2', 'v1'] });
        world.watch(socket);
        world.read(socket);
        socket.next('hi');
        world.at(20, () => socket.close(4001, 'done'));
      },
      undefined,
      { latency: 2 },
    );
    expect(log).toEqual([
      '0 connecting',
      '4 server open v1',
      '6 open v1',
      '10 got "you said hi"',
      '20 closing by local',
      '22 server closing by remote',
      '24 closed by local 4001 done',
      '24 complete',
      '26 server closed by remote 4001 done',
    ]);
  });

  it('compressed both ways, cut anywhere', () => {
    const letters = 'compress me, '.repeat(400);
    inWebSocketWorld(
      (world) => {
        world.serve((socket) => socket, { deflate: { threshold: 10 } });
        const socket = world.open({ deflate: { threshold: 10 } });
        socket.subscribe({ error: () => undefined });
        world.at(1, () => expect(socket.state).toMatchObject({ compressed: true }));
        socket.next(letters);
      },
      undefined,
      { chunking: () => 7 },
    );
  });

  it('over HTTP/2, several on one connection, beside requests', () => {
    const connections: number[] = [];
    const { log } = inWebSocketWorld(
      (world) => {
        world.serve(
          (socket) => {
            socket.state$.subscribe((status) => world.note(`server ${showStatus(status)}`));
            return socket;
          },
          { protocols: ['v1'] },
        );
        const open = (name: string) => {
          const socket = world.open({ url: 'http://server/', version: '2', protocols: 'v1' });
          world.watch(socket, `${name} `);
          world.read(socket, `${name} `);
          socket.next(name);
          return socket;
        };
        const a = open('a');
        world.at(10, () => open('b'));
        world.at(20, () => a.close(4002, 'done'));
        world.at(21, () => world.server?.connections$.subscribe((count) => connections.push(count)));
        world.at(30, () => world.server?.close());
        world.at(100, () => world.note(`server closed at ${world.serverClosedAt}`));
      },
      undefined,
      { latency: 1 },
    );
    expect(connections[0]).toBe(1);
    expect(log).toEqual([
      '0 a connecting',
      '4 server open v1',
      '5 a open v1',
      '7 a got "a"',
      '10 b connecting',
      '11 server open v1',
      '12 b open v1',
      '14 b got "b"',
      '20 a closing by local',
      '21 server closing by remote',
      '22 a closed by local 4002 done',
      '22 a complete',
      '23 server closed by remote 4002 done',
      '30 server closing by local',
      '31 b closing by remote',
      '33 b closed by remote 1001',
      '33 b complete',
      '34 server closed by local 1001',
      '100 server closed at 34',
    ]);
  });

  it('over HTTP/2 the refusals have their status too', () => {
    const { log } = inWebSocketWorld((world) => {
      world.serve((socket) => socket, { origin: ['https://good.example'] });
      const socket = world.open({ version: '2' });
      socket.subscribe({
        error: (error: { code: string; cause: { status: number } }) =>
          world.note(`${error.code} ${error.cause.status}`),
      });
    });
    expect(log).toEqual(['0 HANDSHAKE_REFUSED 403']);
  });

  it('over HTTP/2 nobody listens to the clocks of requests, a stream is cut by RST_STREAM, and the other goes on', () => {
    const { log } = inWebSocketWorld((world) => {
      world.serve((socket) => {
        socket.state$.subscribe((status) => world.note(`server ${showStatus(status)}`));
        return socket.pipe(holdMap((message) => (message === 'wait' ? NEVER : of(message))));
      });
      const quiet = world.open({ version: '2' });
      world.read(quiet, 'quiet ');
      const stuck = world.open({ version: '2', closeTimeout: 100 });
      world.read(stuck, 'stuck ');
      world.at(1, () => stuck.next('wait'));
      world.at(2, () => {
        for (let i = 0; i < 40; i++) stuck.next('x');
        stuck.close();
      });
      world.at(900_000, () => quiet.next('still here'));
    });
    expect(log.slice(0, 5)).toEqual([
      '0 server open',
      '0 server open',
      '102 stuck error TIMEOUT_CLOSE',
      '102 server closed by network 1006 unclean',
      '900000 quiet got "still here"',
    ]);
  });
});
