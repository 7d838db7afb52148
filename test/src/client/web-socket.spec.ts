import { interval, map, NEVER, Observable, repeat, retry, share, Subscription, take, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver } from '../../../operators/core/deliver.js';
import { holdMap } from '../../../operators/core/hold-map.js';
import { webSocketCloseFrame as close } from '../../../operators/websocket/frame.js';
import { webSocketMask } from '../../../src/connections/web-socket-mask.js';
import { binary, more, ping, pong, text, wire } from '../../operators/websocket/frames.js';
import { inWebSocketWorld, show, showStatus, type RawPeer } from './web-socket-world.js';

const the = (world: { peers: RawPeer[] }, at = 0): RawPeer => world.peers[at] as RawPeer;

describe('a WebSocket of the client', () => {
  it('connects when it is subscribed to, sends what waited, and closes when the last one leaves', () => {
    const { log } = inWebSocketWorld((world) => {
      world.serve((socket) => socket);
      const socket = world.open();
      world.watch(socket);
      socket.next('early');
      world.note('not yet');
      socket.pipe(take(2)).subscribe({
        next: (value) => {
          world.note(`got ${show(value)}`);
          socket.next(new Uint8Array([1, 2]));
        },
        complete: () => world.note('complete'),
      });
    });
    expect(log).toEqual([
      '0 not yet',
      '0 connecting',
      '0 open',
      '0 got "early"',
      '0 got 0102',
      '0 complete',
      '0 closing by local',
      '0 closed by local 1000',
    ]);
  });

  it('the request is the handshake: headers, subprotocols, and what the server says', () => {
    inWebSocketWorld(
      (world) => {
        world.raw((peer) => peer.accept('sec-websocket-protocol: b', 'x-server: yes'));
        const socket = world.open({
          url: 'ws://u:p@server/path?q#f',
          protocols: ['a', 'b'],
          headers: { 'x-own': '1' },
        });
        world.watch(socket);
        world.read(socket);
        world.at(1, () => {
          const peer = the(world);
          expect(peer.head.split('\r\n')[0]).toBe('GET /path?q HTTP/1.1');
          expect(peer.header('host')).toBe('server');
          expect(peer.header('authorization')).toBe('Basic dTpw');
          expect(peer.header('x-own')).toBe('1');
          expect(peer.header('upgrade')).toBe('websocket');
          expect(peer.header('connection')).toBe('Upgrade');
          expect(peer.header('sec-websocket-version')).toBe('13');
          expect(peer.header('sec-websocket-protocol')).toBe('a, b');
          expect(peer.header('sec-websocket-extensions')).toBeUndefined();
          expect(Buffer.from(peer.header('sec-websocket-key') ?? '', 'base64')).toHaveLength(16);
          const { state } = socket;
          expect(state).toMatchObject({ state: 'open', protocol: 'b', compressed: false, version: '1.1' });
          expect(state?.state === 'open' && state.fields.get('x-server')).toBe('yes');
          expect(socket.protocol).toBe('b');
          socket.close(3001, 'enough');
          expect(peer.heard).toEqual([]);
        });
        world.at(2, () => {
          expect(the(world).heard).toEqual([`CLOSE ${Buffer.from('\x0b\xb9enough', 'latin1').toString('hex')}`]);
          the(world).send(wire(close(3001, 'enough')));
          the(world).socket.complete();
        });
      },
      ({ log }) =>
        expect(log).toEqual([
          '0 connecting',
          '0 open b',
          '1 closing by local',
          '2 closed by local 3001 enough',
          '2 complete',
        ]),
    );
  });

  it('the keys of two handshakes and the masks of 10 000 frames are different', () => {
    const keys = new Set<string>();
    inWebSocketWorld((world) => {
      world.raw((peer) => keys.add(peer.header('sec-websocket-key') ?? ''));
      for (let i = 0; i < 20; i++) world.open().subscribe({ error: () => undefined });
    });
    expect(keys.size).toBe(20);
    expect(new Set(Array.from({ length: 10_000 }, webSocketMask)).size).toBeGreaterThan(9990);
  });

  it.each([
    [
      'is refused',
      (peer: RawPeer) => peer.text('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nx-why: no\r\n\r\nno'),
      'HANDSHAKE_REFUSED',
      'remote',
    ],
    ['has a wrong accept', (peer: RawPeer) => peer.text('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'), 'BAD_HANDSHAKE', 'local'], // prettier-ignore
    [
      'chooses a subprotocol nobody offered',
      (peer: RawPeer) => peer.accept('sec-websocket-protocol: x'),
      'BAD_HANDSHAKE',
      'local',
    ],
    ['chooses an extension nobody offered', (peer: RawPeer) => peer.accept('sec-websocket-extensions: permessage-deflate'), 'BAD_HANDSHAKE', 'local'], // prettier-ignore
    ['switches to another protocol', (peer: RawPeer) => peer.text('HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: Upgrade\r\n\r\n'), 'BAD_HANDSHAKE', 'local'], // prettier-ignore
    ['closes', (peer: RawPeer) => peer.socket.complete(), 'CONNECTION_CLOSED', 'local'],
  ])('E14 a handshake that %s is an error before it is open', (_, answer, code, by) => {
    inWebSocketWorld(
      (world) => {
        world.raw(answer);
        const socket = world.open();
        world.watch(socket);
        socket.subscribe({
          error: (error: { code: string; cause?: { status: number; fields: { get(name: string): string } } }) => {
            world.note(`error ${error.code}`);
            if (error.code === 'HANDSHAKE_REFUSED') {
              expect(error.cause?.status).toBe(403);
              expect(error.cause?.fields.get('x-why')).toBe('no');
            }
          },
        });
      },
      (world) => {
        expect(world.log).toEqual(['0 connecting', `0 closed by ${by} 1006 unclean`, `0 error ${code}`]);
        expect(the(world).endedAt ?? the(world).failedAt).toBe(0);
      },
    );
  });

  it('E19 a subprotocol with a line break sends nothing', () => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        world.read(world.open({ protocols: 'a\r\nx: y' }));
      },
      (world) => {
        expect(world.log).toEqual(['0 error INVALID_SUBPROTOCOL']);
        expect(world.peers).toEqual([]);
      },
    );
  });

  it('E17 a close with a wrong code or reason throws and sends nothing', () => {
    inWebSocketWorld((world) => {
      world.raw();
      const socket = world.open();
      socket.subscribe({ error: () => undefined });
      world.at(1, () => {
        expect(() => socket.close(1005)).toThrow(expect.objectContaining({ code: 'INVALID_CLOSE_CODE' }));
        expect(() => socket.close(1000, new Float32Array(2) as never)).toThrow(
          expect.objectContaining({ code: 'INVALID_CLOSE_REASON' }),
        );
        expect(() => socket.close(1000, 'x'.repeat(124))).toThrow(
          expect.objectContaining({ code: 'INVALID_CLOSE_REASON' }),
        );
      });
      world.at(2, () => expect(the(world).heard).toEqual([]));
    });
  });

  it.each([
    ['a code to send', { code: 3001, reason: 'enough' }, 'CLOSE 0bb9656e6f756768', 'closed by local 3001 enough'],
    ['another code', new DOMException('stop', 'AbortError'), 'CLOSE 03f3', 'closed by local 1011 unclean'],
    ['too long a reason', { code: 3001, reason: 'x'.repeat(124) }, 'CLOSE 03f3', 'closed by local 1011 unclean'],
    ['none', new Error('stop'), 'CLOSE 03f3', 'closed by local 1011 unclean'],
  ])('an error with %s', (_, error, heard, state) => {
    inWebSocketWorld(
      (world) => {
        world.raw((peer) => {
          peer.accept();
          peer.onHeard = () => {
            peer.send(wire(close(3001)));
            peer.socket.complete();
          };
        });
        const socket = world.open();
        socket.subscribe({ error: (told) => expect(told).toBe(error) });
        world.at(1, () => socket.error(error));
        world.at(2, () => world.watch(socket));
      },
      (world) => {
        expect(the(world).heard).toEqual([heard]);
        expect(world.log).toEqual([`2 ${state}`]);
      },
    );
  });

  it('several subscribers share the connection; it is closed with the last', () => {
    const { log } = inWebSocketWorld((world) => {
      world.raw();
      const socket = world.open();
      world.watch(socket);
      const first = world.read(socket, '1 ');
      const second = world.read(socket, '2 ');
      world.at(1, () => the(world).send(wire(text('both'))));
      world.at(2, () => first.unsubscribe());
      world.at(3, () => the(world).send(wire(text('one'))));
      world.at(4, () => second.unsubscribe());
      world.at(5, () => {
        expect(the(world).heard).toEqual(['CLOSE 03e8']);
        the(world).send(wire(text('late')), wire(close(1000)));
        the(world).socket.complete();
      });
    });
    expect(log).toEqual([
      '0 connecting',
      '0 open',
      '1 1 got "both"',
      '1 2 got "both"',
      '3 2 got "one"',
      '4 closing by local',
      '5 closed by local 1000',
    ]);
  });

  it('completes where the peer closes, whatever the code, and fails where the connection is cut', () => {
    const { log } = inWebSocketWorld((world) => {
      world.raw();
      const socket = world.open();
      world.watch(socket);
      world.read(socket.pipe(repeat(2)) as typeof socket);
      world.at(10, () => {
        the(world).send(wire(text('a'), close(4000, 'tired')));
        the(world).socket.complete();
      });
      world.at(20, () => the(world, 1).socket.complete());
    });
    expect(log).toEqual([
      '0 connecting',
      '0 open',
      '10 got "a"',
      '10 closing by remote',
      '10 closed by remote 4000 tired',
      '10 connecting',
      '10 open',
      '20 closed by network 1006 unclean',
      '20 error ABNORMAL_CLOSURE',
    ]);
  });

  it('reconnects by retry, with the state visible throughout', () => {
    const { log } = inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open();
        world.watch(socket);
        world.read(socket.pipe(retry({ count: 3, delay: () => timer(100) }), take(1)) as never);
        world.at(150, () => the(world).socket.error(new Error('cut')));
        world.at(300, () => the(world, 1).send(wire(text('hello'))));
      },
      undefined,
      { faults: (attempt) => (attempt === 0 ? { connect: 'refuse' } : {}) },
    );
    expect(log.slice(0, 8)).toEqual([
      '0 connecting',
      '0 closed by network 1006 unclean',
      '100 connecting',
      '100 open',
      '150 closed by network 1006 unclean',
      '250 connecting',
      '250 open',
      '300 got "hello"',
    ]);
  });

  it('unsubscribing while it connects sends nothing more and leaves nothing', () => {
    inWebSocketWorld(
      (world) => {
        world.raw(() => undefined);
        const socket = world.open();
        world.watch(socket);
        const reading = world.read(socket);
        socket.next('never');
        world.at(5, () => reading.unsubscribe());
      },
      (world) => {
        expect(world.log).toEqual(['0 connecting', '5 closed by local 1006 unclean']);
        expect(the(world).heard).toEqual([]);
        expect(the(world).endedAt ?? the(world).failedAt).toBe(5);
      },
    );
  });

  it.each([
    ['leaves', ['0 connecting', '0 closed by local 1006 unclean']],
    ['closes', ['0 connecting', '0 open', '0 closing by local', '1 closed by local 3000', '1 complete']],
    ['fails', ['0 connecting', '0 closed by local 1006 unclean', '0 error enough']],
  ])('whoever %s it as soon as it connects', (how, told) => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open();
        const reading = new Subscription();
        socket.state$.subscribe((status) => {
          world.note(showStatus(status));
          if (status.state !== 'connecting') return;
          if (how === 'leaves') reading.unsubscribe();
          else if (how === 'closes') socket.close(3000);
          else socket.error(new Error('enough'));
        });
        reading.add(
          new Observable((subscriber) => {
            reading.add(subscriber);
            return socket.subscribe(subscriber);
          }).subscribe({
            error: (error: Error) => world.note(`error ${error.message}`),
            complete: () => world.note('complete'),
          }),
        );
        world.at(1, () => {
          if (how !== 'closes') return;
          the(world).send(wire(close(3000)));
          the(world).socket.complete();
        });
      },
      (world) => {
        expect(world.log).toEqual(told);
        expect(world.peers.map(({ heard }) => heard)).toEqual(how === 'closes' ? [['CLOSE 0bb8']] : []);
      },
    );
  });

  it('complete before it is open closes behind what was sent', () => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open();
        world.read(socket);
        socket.next('a');
        socket.complete();
        socket.next('dropped');
      },
      (world) => expect(the(world).heard).toEqual(['TEXT a', 'CLOSE 03e8']),
    );
  });

  it.each([
    [{ code: 4001, reason: 'why' }, 'CLOSE 0fa1776879', 'closing'],
    [new Error('mine'), 'CLOSE 03f3', 'error mine'],
    [new DOMException('given up', 'AbortError'), 'CLOSE 03f3', 'error 20'],
    [Object.assign(new Error('not for sending'), { code: 1005 }), 'CLOSE 03f3', 'error 1005'],
    [Object.assign(new Error('too long'), { code: 4001, reason: 'x'.repeat(124) }), 'CLOSE 03f3', 'error 4001'],
  ])('error(%j)', (error, frame, told) => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open();
        world.watch(socket);
        world.read(socket);
        world.at(1, () => socket.error(error));
      },
      (world) => {
        expect(the(world).heard).toEqual([frame]);
        expect(world.log.some((line) => line.startsWith(`1 ${told}`))).toBe(true);
      },
    );
  });

  it('without a serializer only strings and bytes are sent; with one, what it makes of it', () => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const plain = world.open<unknown>();
        world.read(plain, 'plain ');
        world.at(1, () => plain.next({ a: 1 }));
        const json = world.open<{ a: number }>({
          serializer: (value) => JSON.stringify(value),
          deserializer: (message) => JSON.parse(String(message)) as { a: number },
        });
        world.read(json, 'json ');
        world.at(2, () => json.next({ a: 1 }));
        world.at(3, () => the(world, 1).send(wire(text('{"a":2}'), text('{'))));
      },
      (world) => {
        expect(the(world).heard).toEqual(['CLOSE 03f3']);
        expect(the(world, 1).heard).toEqual(['TEXT {"a":1}', 'CLOSE 03f3']);
        expect(world.log).toEqual([
          '1 plain error INVALID_MESSAGE',
          '3 json got {"a":2}',
          "3 json error Expected property name or '}' in JSON at position 1",
        ]);
      },
    );
  });

  it('multiplex: several conversations on one connection', () => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open<string>();
        const talk = (name: string) =>
          socket.multiplex(
            () => `+${name}`,
            () => `-${name}`,
            (value) => value.startsWith(name),
          );
        const a = talk('a').subscribe((value) => world.note(`a got ${value}`));
        const b = talk('b').subscribe((value) => world.note(`b got ${value}`));
        world.at(1, () => the(world).send(wire(text('a1'), text('b1'), text('c1'))));
        world.at(2, () => a.unsubscribe());
        world.at(3, () => the(world).send(wire(text('a2'), text('b2'))));
        world.at(4, () => b.unsubscribe());
      },
      (world) => {
        expect(the(world).heard).toEqual(['TEXT +a', 'TEXT +b', 'TEXT -a', 'TEXT -b', 'CLOSE 03e8']);
        expect(world.log).toEqual(['1 a got a1', '1 b got b1', '3 b got b2']);
      },
    );
  });
});

describe('its clocks', () => {
  it('the handshake: 10 s from the subscription, whatever it waits for', () => {
    for (const [hang, code] of [
      [true, 'TIMEOUT_CONNECT'],
      [false, 'TIMEOUT_SETUP'],
    ] as const) {
      inWebSocketWorld(
        (world) => {
          world.raw(() => undefined);
          const socket = world.open();
          world.watch(socket);
          world.read(socket);
        },
        (world) => {
          expect(world.log).toEqual(['0 connecting', '10000 closed by local 1006 unclean', `10000 error ${code}`]);
          expect(world.peers.map(({ endedAt, failedAt }) => endedAt ?? failedAt)).toEqual(hang ? [] : [10_000]);
        },
        { faults: hang ? { connect: 'hang' } : {} },
      );
    }
  });

  it('E13 a close that nobody answers: cut off after 10 s', () => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open();
        world.watch(socket);
        world.read(socket);
        world.at(5, () => socket.close(1000));
        world.at(10_004, () => expect(the(world).failedAt ?? the(world).endedAt).toBeUndefined());
      },
      (world) => {
        expect(world.log).toEqual([
          '0 connecting',
          '0 open',
          '5 closing by local',
          '10005 closed by local 1006 unclean',
          '10005 error TIMEOUT_CLOSE',
        ]);
        expect(the(world).failedAt ?? the(world).endedAt).toBe(10_005);
      },
    );
  });

  it('E13 a server that answers the close and does not end the connection: cut off too, cleanly', () => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open({ closeTimeout: 50 });
        world.watch(socket);
        world.read(socket);
        world.at(5, () => socket.close(1000));
        world.at(6, () => the(world).send(wire(close(1000))));
      },
      (world) =>
        expect(world.log).toEqual([
          '0 connecting',
          '0 open',
          '5 closing by local',
          '55 closed by local 1000',
          '55 complete',
        ]),
    );
  });

  it('ping emits the time to its pong, which answers those before it too; others are ignored', () => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open();
        world.read(socket);
        const note = (name: string) => ({
          next: (time: number) => world.note(`${name} ${time} ms`),
          error: ({ code }: { code: string }) => world.note(`${name} ${code}`),
        });
        socket.ping().subscribe(note('too early'));
        world.at(1, () => socket.ping().subscribe(note('first')));
        world.at(4, () => socket.ping().subscribe(note('second')));
        world.at(5, () => the(world).send(wire(pong('xx'), pong('\0\0\0\x09'))));
        world.at(8, () => the(world).send(wire(pong('\0\0\0\x02'))));
        world.at(9, () => socket.ping().subscribe(note('third')));
        world.at(10, () => the(world).socket.complete());
      },
      (world) => {
        expect(world.log).toEqual([
          '0 too early WEBSOCKET_NOT_OPEN',
          '8 first 7 ms',
          '8 second 4 ms',
          '10 third WEBSOCKET_NOT_OPEN',
          '10 error ABNORMAL_CLOSURE',
        ]);
        expect(the(world).heard).toEqual(['PING 00000001', 'PING 00000002', 'PING 00000003']);
      },
    );
  });

  it('keep-alive: a ping every interval, and an end where no pong comes', () => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open({ pingInterval: 1000, pingTimeout: 200 });
        world.watch(socket);
        world.read(socket);
        world.at(1100, () => the(world).send(wire(pong('\0\0\0\x01'))));
      },
      (world) => {
        expect(the(world).heard).toEqual(['PING 00000001', 'PING 00000002']);
        expect(world.log).toEqual([
          '0 connecting',
          '0 open',
          '2300 closed by local 1006 unclean',
          '2300 error TIMEOUT_PING',
        ]);
      },
    );
  });

  it.each(['closes', 'leaves'])('whoever %s it as soon as it is open sends a Close frame, and no ping', (how) => {
    const { log } = inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open({ pingInterval: 1000 });
        const reading = world.read(socket);
        socket.state$.subscribe((status) => {
          world.note(showStatus(status));
          if (status.state !== 'open') return;
          if (how === 'closes') socket.close(3000);
          else reading.unsubscribe();
        });
        world.at(5000, () => {
          the(world).send(wire(close(how === 'closes' ? 3000 : 1000)));
          the(world).socket.complete();
        });
      },
      (world) => expect(the(world).heard).toEqual([how === 'closes' ? 'CLOSE 0bb8' : 'CLOSE 03e8']),
    );
    const [code, told] = how === 'closes' ? [3000, ['5000 complete']] : [1000, []];
    expect(log).toEqual(['0 connecting', '0 open', '0 closing by local', `5000 closed by local ${code}`, ...told]);
  });

  it('keep-alive: while the consumer holds, or other bytes come, nobody is missed', () => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open({ pingInterval: 1000, pingTimeout: 200, maxQueued: 1 });
        world.watch(socket);
        world.read(socket.pipe(holdMap(() => timer(5000))) as never);
        world.at(900, () => the(world).send(wire(text('slow'))));
        world.at(1100, () => the(world).send(wire(pong('\0\0\0\x01'))));
        world.at(6950, () => the(world).send(wire(text('in between', false))));
        world.at(7100, () => the(world).send(wire(more('', false))));
      },
      (world) =>
        expect(world.log).toEqual([
          '0 connecting',
          '0 open',
          '5900 got 0',
          '7500 closed by local 1006 unclean',
          '7500 error TIMEOUT_PING',
        ]),
    );
  });
});

describe('what waits to be sent', () => {
  const blocked = { highWaterMark: 100 };

  it('hold: inside a delivery the sender waits until the bytes have left, before it is open and after', () => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open({ maxBufferedBytes: 150 });
        world.read(socket);
        const source = { next: (value: string) => socket.next(value) };
        const send = (name: string) => deliver(source, name.repeat(90), () => world.note(`${name} has left`));
        world.at(1, () => ['a', 'b'].forEach(send));
        world.at(20, () => {
          ['c', 'd', 'e'].forEach(send);
          world.note(`${socket.bufferedBytes} bytes wait`);
        });
      },
      (world) => {
        expect(world.log).toEqual([
          '12 a has left',
          '12 b has left',
          '20 c has left', // there was room for it
          '20 192 bytes wait',
          '23 d has left',
          '23 e has left',
        ]);
        expect(the(world).heard).toHaveLength(5);
      },
      { ...blocked, latency: 3 },
    );
  });

  it('a message that arrived and is sent on holds the one who sent it', () => {
    inWebSocketWorld(
      (world) => {
        world.raw((peer) => {
          peer.accept();
        });
        const socket = world.open();
        socket.pipe(map((value) => `${String(value)}!`)).subscribe(socket);
        world.at(1, () => the(world).send(wire(text('x'))));
        world.at(2, () => the(world).send(wire(binary('yy'), ping('p'))));
      },
      (world) => expect(the(world).heard).toEqual(['TEXT x!', 'TEXT yy!', 'PONG 70']),
    );
  });

  it.each(['hold', 'error'] as const)(
    'overflow %s: what is pushed beyond the bound fails the connection',
    (overflow) => {
      inWebSocketWorld(
        (world) => {
          world.raw();
          const socket = world.open({ overflow, maxBufferedBytes: 1000 });
          world.read(socket);
          for (let i = 0; i < 3; i++) socket.next('x'.repeat(300));
          expect(socket.bufferedBytes).toBe(900);
          socket.next('y'.repeat(101));
          expect(socket.bufferedBytes).toBe(0);
        },
        (world) => expect(world.log).toEqual(['0 error SEND_OVERFLOW']),
      );
    },
  );

  it('overflow error: inside a delivery too, and when it is open', () => {
    inWebSocketWorld(
      (world) => {
        world.raw((peer) => peer.accept());
        const socket = world.open({ overflow: 'error', maxBufferedBytes: 1000 });
        world.read(socket);
        world.at(1, () => {
          for (let i = 0; i < 12; i++) deliver(socket, 'x'.repeat(100), () => undefined);
        });
      },
      (world) => expect(world.log).toEqual(['1 error SEND_OVERFLOW']),
      { highWaterMark: 100, latency: 100_000 },
    );
  });

  it('a message that waits alone is taken whatever its size', () => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open({ maxBufferedBytes: 10 });
        world.read(socket);
        socket.next('x'.repeat(100_000));
        expect(socket.bufferedBytes).toBe(100_000);
      },
      (world) => expect(world.log).toEqual([]),
    );
  });

  it.each([
    ['drop-oldest', ['c', 'd', 'e']],
    ['drop-newest', ['a', 'b', 'c']],
  ] as const)('overflow %s', (overflow, kept) => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open({ overflow, maxBufferedBytes: 900 });
        world.read(socket);
        for (const name of ['a', 'b', 'c', 'd', 'e']) socket.next(name.repeat(300));
        expect(socket.bufferedBytes).toBe(900);
      },
      (world) => {
        expect(world.log).toEqual([]);
        expect(the(world).heard.map((line) => line[5])).toEqual(kept);
      },
    );
  });

  it('where messages are dropped nobody is held, and what is kept leaves as the peer reads', () => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open({ overflow: 'drop-oldest', maxBufferedBytes: 1000 });
        world.read(socket);
        world.at(50, () => {
          for (let i = 0; i < 200; i++) deliver(socket, String(i).padEnd(500, '.'), () => world.note('released'));
          expect(world.log).toHaveLength(200);
          expect(socket.bufferedBytes).toBeGreaterThan(60_000);
          expect(socket.bufferedBytes).toBeLessThan(70_000);
        });
      },
      (world) => {
        expect(world.log.every((line) => line === '50 released')).toBe(true);
        const { heard } = the(world);
        expect(heard.length).toBeGreaterThan(100);
        expect(heard.length).toBeLessThan(140);
        expect(heard.at(-1)).toContain('199');
        expect(heard.at(-2)).toContain('198');
      },
      { ...blocked, latency: 10 },
    );
  });

  it('bufferedBytes$ tells each change', () => {
    const seen: number[] = [];
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open();
        world.read(socket);
        socket.bufferedBytes$.subscribe((bytes) => seen.push(bytes));
        socket.next('x'.repeat(300));
        world.at(50, () => socket.next('y'.repeat(300)));
      },
      undefined,
      { ...blocked, latency: 10 },
    );
    expect(seen).toEqual([0, 300, 0, 308, 0]);
  });

  it('messages in fragments: sendStream, with others behind it', () => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open();
        world.read(socket);
        socket
          .sendStream('text', interval(10).pipe(take(2), map(String)))
          .subscribe({ complete: () => world.note('sent') });
        socket.next('behind');
        world.at(15, () => socket.next('and behind'));
      },
      (world) => {
        expect(the(world).heard).toEqual([
          'TEXT… 0',
          'CONTINUATION… 31',
          'CONTINUATION',
          'TEXT behind',
          'TEXT and behind',
        ]);
        expect(world.log).toEqual(['20 sent']);
      },
    );
  });

  it.each([
    ['fails', ['0 error INVALID_BODY_CHUNK', '0 stream INVALID_BODY_CHUNK']],
    ['is left', ['5 error MESSAGE_UNFINISHED']],
  ])('a stream that %s breaks the connection off', (how, told) => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open();
        world.read(socket);
        const sending = socket
          .sendStream('text', how === 'fails' ? ['a', 7 as never] : NEVER.pipe(share()))
          .subscribe({ error: ({ code }: { code: string }) => world.note(`stream ${code}`) });
        world.at(5, () => sending.unsubscribe());
      },
      (world) => expect(world.log).toEqual(told),
    );
  });

  it('streams under way and behind it are told of the end, and let their sources go', () => {
    const { log } = inWebSocketWorld((world) => {
      world.raw();
      const socket = world.open();
      const send = (name: string): void => {
        const source = new Observable<Uint8Array>(() => () => world.note(`${name} left`));
        socket.sendStream('binary', source).subscribe({ error: ({ code }: { code: string }) => world.note(`${name} ${code}`) }); // prettier-ignore
      };
      world.read(socket);
      world.at(1, () => ['first', 'second', 'third'].forEach(send));
      world.at(2, () => the(world).socket.error(new Error('cut')));
    });
    expect(log).toEqual([
      '2 second ECONNRESET',
      '2 third ECONNRESET',
      '2 first left',
      '2 first ECONNRESET',
      '2 error ECONNRESET',
    ]);
  });

  it('a stream that waits holds the delivery it was sent in, until it is left', () => {
    const { log } = inWebSocketWorld((world) => {
      world.raw();
      const socket = world.open();
      world.read(socket);
      socket
        .sendStream('binary', interval(1000).pipe(map(() => new Uint8Array(1))))
        .subscribe({ error: () => undefined });
      const sending = new Subscription();
      const next = (): void => sending.add(socket.sendStream('binary', [new Uint8Array(1)]).subscribe());
      world.at(1, () => deliver({ next }, undefined, () => world.note('released')));
      world.at(2, () => sending.unsubscribe());
      world.at(3, () => socket.error(new Error('enough')));
    });
    expect(log).toEqual(['2 released', '3 error enough']);
  });

  it('messages as bodies: each an Observable of its bytes', () => {
    inWebSocketWorld(
      (world) => {
        world.raw();
        const socket = world.open();
        socket.messages.subscribe({
          next: ({ type, body }) => {
            world.note(`${type} begins`);
            body.subscribe({ next: (piece) => world.note(show(piece)), complete: () => world.note('ends') });
          },
          error: ({ code }: { code: string }) => world.note(code),
        });
        world.read(socket, 'whole ');
        world.at(1, () => the(world).send(wire(text('ab', false))));
        world.at(3, () => the(world).send(wire(more('cd', true), binary('e'))));
      },
      (world) =>
        expect(world.log).toEqual([
          '0 whole error ALREADY_SUBSCRIBED',
          '1 text begins',
          '1 6162',
          '3 6364',
          '3 ends',
          '3 binary begins',
          '3 65',
          '3 ends',
        ]),
    );
  });
});
