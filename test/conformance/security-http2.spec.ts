/** Attacks on HTTP/2 connections, by row C1 to C26 and D1 to D9 of the attack catalogue, over sockets. */
import { NEVER, Observable, firstValueFrom, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { FrameFlag, FrameType } from '../../operators/http2/frame-type.js';
import { continuationFrame } from '../../operators/http2/frames/continuation-frame.js';
import { dataFrame } from '../../operators/http2/frames/data-frame.js';
import { headersFrame } from '../../operators/http2/frames/headers-frame.js';
import { pingFrame } from '../../operators/http2/frames/ping-frame.js';
import { priorityFrame } from '../../operators/http2/frames/priority-frame.js';
import { pushPromiseFrame } from '../../operators/http2/frames/push-promise-frame.js';
import { rstStreamFrame } from '../../operators/http2/frames/rst-stream-frame.js';
import { settingsAckFrame, settingsFrame } from '../../operators/http2/frames/settings-frame.js';
import { windowUpdateFrame } from '../../operators/http2/frames/window-update-frame.js';
import { serializeFrame, type OutboundFrame } from '../../operators/http2/frame.js';
import { Http2ErrorCode } from '../../operators/http2/error-code.js';
import type { Http2Connection } from '../../operators/http2/connection.js';
import type { ServerRequest } from '../../src/server/server-request.js';
import { anyFrame, FramePeer, type SocketPeer, VirtualPeer, watchConnections } from '../support/http2-frames.js';
import { inVirtualTime } from '../src/server/world.js';
import type { ByteDuplex } from '../../src/sockets/byte-duplex.js';
import { eventually } from '../src/server/real-server.js';
import { againstClient, againstServer, type Arena, unanswered } from './http2-arena.js';

const bytesOf = (frames: readonly OutboundFrame[]): Buffer => Buffer.concat(frames.map((one) => serializeFrame(one)));
const CANCEL = Http2ErrorCode.CANCEL;

/** Sends `count` times what `make` makes, as one piece of bytes. */
function flood(peer: SocketPeer, count: number, make: (i: number) => Uint8Array | OutboundFrame[]): void {
  const parts: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const made = make(i);
    parts.push(made instanceof Uint8Array ? made : bytesOf(made));
  }
  peer.raw(...parts);
}

/** What the server said goodbye with, once it has. */
async function goodbye(peer: SocketPeer): Promise<string | undefined> {
  await peer.until(() => peer.goaways.length > 0, 'GOAWAY').catch(() => undefined);
  await peer.closed;
  return peer.goaway;
}

/** Nothing goes to our server any more, for a while. */
async function isStuck(peer: SocketPeer, connection: Http2Connection): Promise<boolean> {
  for (let i = 0; i < 20 && peer.socket.writableNeedDrain && connection.state === 'open'; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return peer.socket.writableNeedDrain;
}

describe('C: HTTP/2 streams and frames', () => {
  it('C1 rapid reset: handlers that run on count, and the resets are few', async () => {
    let release!: () => void;
    const over = new Promise<void>((resolve) => (release = resolve));
    let arena!: Arena;
    await againstServer(
      async (given) => {
        arena = given;
        const peer = arena.attacker();
        flood(peer, 10_000, () => {
          const id = peer.nextId();
          return [peer.requestFrame(id), rstStreamFrame(id, CANCEL)];
        });
        expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
        expect(peer.goaways.at(-1)?.lastStreamId).toBeLessThan(2 * 400);
        expect(arena.handlers.most).toBeLessThanOrEqual(100);
        expect(arena.handlers.most).toBeGreaterThan(50);
        release();
        await eventually(() => arena.handlers.running === 0);
        expect(arena.handlers.calls).toBeLessThanOrEqual(100); // those that waited were reset: they never began
      },
      () => unanswered(arena.handlers, over),
    );
  });

  it('C1 rapid reset of requests that are answered before the reset is read', async () => {
    await againstServer(async ({ attacker, handlers }) => {
      const peer = attacker();
      flood(peer, 10_000, () => {
        const id = peer.nextId();
        return [peer.requestFrame(id), rstStreamFrame(id, CANCEL)];
      });
      expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
      expect(peer.goaways.at(-1)?.lastStreamId).toBeLessThan(2 * 400);
      expect(handlers.calls).toBeLessThan(400);
    });
  });

  it('C1 requests beyond the running handlers wait, and go on when there is room', async () => {
    const answers: (() => void)[] = [];
    await againstServer(
      async ({ attacker, handlers }) => {
        const peer = attacker();
        const first = Array.from({ length: 4 }, () => peer.get('/slow'));
        await eventually(() => handlers.calls === 4);
        for (const id of first) peer.send(rstStreamFrame(id, CANCEL));
        const [a, b] = [peer.get('/a'), peer.post('/b')];
        peer.data(b, 'body', true);
        peer.send(pingFrame(Buffer.alloc(8)));
        await peer.until(() => peer.words.includes('PING 0 ack'), 'the answer to PING');
        expect(handlers.calls).toBe(4);
        for (const answer of answers.splice(0, 4)) answer();
        await eventually(() => handlers.calls === 6);
        for (const answer of answers.splice(0)) answer();
        await peer.until(() => peer.of(a).ended && peer.of(b).ended, 'both answers');
        expect(peer.of(b).body.toString()).toBe('body');
      },
      (request) =>
        new Promise((resolve) =>
          answers.push(() => {
            resolve(request.method === 'POST' ? { body: request.body } : { body: 'late' });
          }),
        ),
      { http2: { maxHandlers: 4 } },
    );
  });

  it('C1 more than the backlog ends the connection', async () => {
    await againstServer(
      async ({ attacker, handlers, events }) => {
        const peer = attacker();
        for (let i = 0; i < 7; i++) peer.get('/');
        expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
        expect(handlers.calls).toBe(2);
        await eventually(() => events.some(({ type }) => type === 'connection-error'));
        expect(events.find(({ type }) => type === 'connection-error')).toMatchObject({
          error: { limit: 'maxBacklog' },
        });
      },
      () => new Promise<never>(() => undefined),
      { http2: { maxHandlers: 2, maxBacklog: 4 } },
    );
  });

  it('C1 an Observable stops when it is unsubscribed: the next one has its place', async () => {
    let stopped = 0;
    await againstServer(
      async ({ attacker, handlers }) => {
        const peer = attacker();
        for (let i = 0; i < 50; i++) {
          const id = peer.get();
          await eventually(() => handlers.calls === i + 1);
          peer.send(rstStreamFrame(id, CANCEL));
        }
        await eventually(() => stopped === 50);
        expect(peer.goaway).toBeUndefined();
      },
      () => new Observable(() => () => void stopped++),
      { http2: { maxHandlers: 1, maxBacklog: 1 } },
    );
  });

  const primitives: Record<string, (peer: SocketPeer, id: number) => Uint8Array> = {
    'WINDOW_UPDATE of 0': (_, id) => anyFrame(FrameType.WINDOW_UPDATE, 0, id, Buffer.alloc(4)),
    'a stream that depends on itself': (_, id) => {
      const payload = Buffer.alloc(5);
      payload.writeUInt32BE(id);
      return anyFrame(FrameType.PRIORITY, 0, id, payload);
    },
    'a window that overflows': (_, id) => serializeFrame(windowUpdateFrame(id, 2 ** 31 - 1)),
    'DATA after the end': (_, id) => serializeFrame(dataFrame(id, Buffer.from('x'))),
    'HEADERS after the end': (peer, id) => serializeFrame(peer.requestFrame(id)),
    'PRIORITY of a bad length': (_, id) => anyFrame(FrameType.PRIORITY, 0, id, Buffer.alloc(4)),
  };
  for (const [name, primitive] of Object.entries(primitives)) {
    it(`C2 resets that we are made to send spend the same budget: ${name}`, async () => {
      let arena!: Arena;
      await againstServer(
        async (given) => {
          arena = given;
          const peer = arena.attacker();
          flood(peer, 1000, () => {
            const id = peer.nextId();
            return Buffer.concat([serializeFrame(peer.requestFrame(id)), primitive(peer, id)]);
          });
          expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
          expect(arena.handlers.most).toBeGreaterThan(0);
          expect(arena.handlers.most).toBeLessThanOrEqual(100);
          expect(peer.resets.length).toBeLessThanOrEqual(220);
        },
        () => unanswered(arena.handlers, new Promise(() => undefined)),
      );
    });
  }

  it('C3 a header list limit that no response fits into: the handler is not run, and it counts', async () => {
    await againstServer(async ({ attacker, handlers }) => {
      const peer = attacker({ maxHeaderListSize: 1 });
      flood(peer, 1000, () => [peer.requestFrame(peer.nextId())]);
      expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
      expect(handlers.calls).toBe(0);
    });
  });

  it.each([
    ['at once', () => ({ body: 'fine' })],
    ['later', () => Promise.resolve({ body: 'fine' })],
  ])('C3 one that only the smallest would fit into, answered %s', async (_, handler) => {
    await againstServer(async ({ attacker, handlers }) => {
      const peer = attacker({ maxHeaderListSize: 50 });
      for (let i = 0; i < 1000 && peer.goaway === undefined && !peer.socket.destroyed; i++) {
        const id = peer.get();
        await peer.until(() => peer.of(id).reset !== undefined || peer.goaway !== undefined).catch(() => undefined);
      }
      expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
      expect(handlers.calls).toBeGreaterThan(200);
      expect(handlers.calls).toBeLessThan(400);
    }, handler);
  });

  it('C4 endless CONTINUATION: closed at the ninth', async () => {
    await againstServer(async ({ attacker, handlers }) => {
      const peer = attacker();
      const block = peer.encoder.encode([':method', 'GET', ':scheme', 'http', ':path', '/']);
      peer.send(headersFrame(1, block, { endHeaders: false, endStream: true }));
      for (let i = 0; i < 8; i++) peer.send(continuationFrame(1, Buffer.from([0x82]), false));
      peer.send(continuationFrame(1, Buffer.from([0x82]), false));
      expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
      expect(handlers.calls).toBe(0);
      const other = attacker();
      other.send(headersFrame(1, block.subarray(0, 1), { endHeaders: false, endStream: true }));
      for (let i = 1; i < 8; i++) other.send(continuationFrame(1, block.subarray(i, i + 1), false));
      other.send(continuationFrame(1, block.subarray(8), true));
      await other.until(() => other.of(1).ended, 'an answer');
      expect(other.of(1).heads[0]).toMatchObject({ ':status': '200' });
    });
  });

  it('C5 CONTINUATION of no length counts', async () => {
    await againstServer(async ({ attacker }) => {
      const peer = attacker();
      peer.send(headersFrame(1, Buffer.from([0x82]), { endHeaders: false, endStream: true }));
      flood(peer, 9, () => [continuationFrame(1, Buffer.alloc(0), false)]);
      expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
    });
  });

  it.each<[string, OutboundFrame]>([
    ['DATA', dataFrame(1, Buffer.from('x'))],
    ['PING', pingFrame(Buffer.alloc(8))],
    ['HEADERS', headersFrame(1, Buffer.from([0x82]))],
    ['CONTINUATION of another stream', continuationFrame(3, Buffer.from([0x82]))],
  ])('C6 %s inside a header block', async (_, frame) => {
    await againstServer(async ({ attacker, handlers }) => {
      const peer = attacker();
      peer.send(headersFrame(1, Buffer.from([0x82]), { endHeaders: false, endStream: true }));
      peer.send(frame);
      expect(await goodbye(peer)).toBe('PROTOCOL_ERROR');
      expect(handlers.calls).toBe(0);
    });
  });

  it.each(['reset', 'end'])('C6 the connection goes inside a header block: %s', async (how) => {
    await againstServer(async ({ attacker, connections }) => {
      const peer = attacker();
      await peer.until(() => peer.frames.length >= 3, 'the settings');
      peer.send(headersFrame(1, Buffer.from([0x82]), { endHeaders: false, endStream: true }));
      await eventually(() => connections[0]?.partial === true);
      if (how === 'reset') peer.socket.resetAndDestroy();
      else peer.socket.end();
      await peer.closed;
      await eventually(() => connections[0]?.state === 'closed');
    });
  });

  it('C7 a flood of PINGs that is never read: reading stops, and memory stays', async () => {
    await againstServer(async ({ attacker, connections }) => {
      const pings = bytesOf(Array.from({ length: 500 }, () => pingFrame(Buffer.alloc(8))));
      const growth: number[] = [];
      for (let run = 0; run < 4; run++) {
        const peer = attacker();
        await peer.until(() => peer.frames.length >= 3, 'the settings');
        const connection = connections.at(-1) as Http2Connection;
        peer.socket.pause();
        const before = process.memoryUsage.rss();
        let most = 0;
        for (let sent = 0; sent < 1_000_000 && connection.state === 'open'; sent += 500) {
          // Once the kernel's buffers are full on both sides, no more is taken: we have stopped reading.
          if (!peer.socket.write(pings) && (await isStuck(peer, connection))) break;
          most = Math.max(most, connection.unsent);
        }
        growth.push(process.memoryUsage.rss() - before);
        expect(peer.socket.writableNeedDrain || connection.state !== 'open').toBe(true);
        expect(most).toBeLessThan(128 * 1024);
        peer.socket.destroy();
        await eventually(() => connection.state === 'closed');
      }
      expect(Math.min(...growth)).toBeLessThan(4 * 2 ** 20);
    });
  });

  it('C7 so many PINGs at once that their answers pass the limit', async () => {
    await againstServer(async ({ attacker, events }) => {
      const peer = attacker();
      flood(peer, 10_000, () => [pingFrame(Buffer.alloc(8))]);
      expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
      await eventually(() => events.some(({ type }) => type === 'connection-error'));
      expect(events.find(({ type }) => type === 'connection-error')).toMatchObject({
        error: { limit: 'maxControlReplies' },
      });
    });
  });

  it('C7 PINGs in small pieces, the answers never read: reading stops at 256, and the idle clock ends it', () => {
    let connections!: Http2Connection[];
    inVirtualTime(
      (world) => {
        connections = watchConnections();
        world.serve(() => ({ body: 'fine' }));
        const attack = (socket: ByteDuplex): void => {
          const peer = new FramePeer('client', (bytes) => socket.next(bytes)); // subscribes to nothing
          peer.begin().send(settingsAckFrame());
          for (let i = 0; i < 5000; i++) world.at(20 + i, () => peer.send(pingFrame(Buffer.alloc(8))));
        };
        world.at(1, () => void world.network.connect({ host: 'server', port: 80 }).subscribe(attack));
      },
      (world) => {
        expect(connections[0]?.frames).toBeGreaterThan(250);
        expect(connections[0]?.frames).toBeLessThan(400);
        expect(connections[0]?.state).toBe('closed');
        expect(world.eventsOf('timeout').map(({ error }) => error.code)).toEqual(['TIMEOUT_IDLE']);
      },
      { highWaterMark: 1000 },
    );
  });

  it('C8 SETTINGS of ours that are never acknowledged: 10 s', () => {
    let peer!: VirtualPeer;
    inVirtualTime(
      (world) => {
        world.serve(() => ({ body: 'fine' }));
        world.at(1, () =>
          world.network.connect({ host: 'server', port: 80 }).subscribe((socket) => {
            peer = new VirtualPeer('client', socket, world.scheduler);
            peer.polite = false;
            peer.begin();
            for (let at = 1000; at < 20_000; at += 1000) world.at(at, () => peer.get());
          }),
        );
      },
      (world) => {
        expect(peer.goaway).toBe('SETTINGS_TIMEOUT');
        expect(peer.heardAt('GOAWAY 0')).toBe(10_001);
        expect(peer.closedAt).toBe(10_001);
        expect(world.eventsOf('timeout').map(({ error }) => error.code)).toEqual(['TIMEOUT_SETTINGS']);
      },
    );
  });

  it('C8 SETTINGS with more entries than any needs', async () => {
    await againstServer(async ({ attacker }) => {
      const entries = Array.from({ length: 33 }, () => ({ id: 0x3, value: 1 }));
      const peer = attacker(null);
      peer.begin().settings(...entries.slice(0, 32));
      const id = peer.get();
      await peer.until(() => peer.of(id).ended, 'an answer after 32');
      peer.settings(...entries);
      expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
    });
  });

  it.each([1, 7])('C8 a flood of empty SETTINGS, read or not (%d at a time)', async (at) => {
    await againstServer(async ({ attacker }) => {
      const peer = attacker();
      if (at === 1) flood(peer, 10_000, () => [settingsFrame([])]);
      else {
        for (let i = 0; i < 10_000 && peer.goaway === undefined && !peer.socket.destroyed; i += at) {
          const before = peer.frames.length;
          flood(peer, at, () => [settingsFrame([])]);
          await peer.until(() => peer.frames.length >= before + at || peer.goaway !== undefined).catch(() => undefined);
        }
      }
      expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
    });
  });

  it('C9 invalid requests provoke resets', async () => {
    await againstServer(async ({ attacker, handlers }) => {
      const peer = attacker();
      flood(peer, 10_000, () => [
        headersFrame(peer.nextId(), peer.encoder.encode([':method', 'GET', 'UPPER', 'x']), { endStream: true }),
      ]);
      expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
      expect(peer.resets.length).toBeLessThanOrEqual(220);
      expect(handlers.calls).toBe(0);
    });
  });

  it('C10 empty frames: from the third in a row on each is odd, and many end the connection', async () => {
    await againstServer(
      async ({ attacker, connections }) => {
        const peer = attacker();
        const id = peer.post();
        const empty = (): OutboundFrame[] => [dataFrame(id, Buffer.alloc(0))];
        flood(peer, 3, empty);
        await eventually(() => connections[0]?.lanes.receiver.abuse.glitches === 1);
        peer.data(id, 'x');
        flood(peer, 2, empty);
        peer.data(id, 'x');
        peer.send(pingFrame(Buffer.alloc(8)));
        await peer.until(() => peer.words.includes('PING 0 ack'), 'the answer to PING');
        expect(connections[0]?.lanes.receiver.abuse.glitches).toBe(1);
        flood(peer, 2000, empty);
        expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
      },
      () => NEVER,
    );
  });

  it('C11 many small pieces that nobody reads weigh what they cost', async () => {
    await againstServer(
      async ({ attacker, connections }) => {
        const peer = attacker();
        const id = peer.post();
        flood(peer, 65_536, () => [dataFrame(id, Buffer.from('x'))]);
        expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
        const { ledger } = (connections[0] as NonNullable<(typeof connections)[0]>).lanes.credit;
        expect(ledger.peak).toBeLessThanOrEqual(8 * 2 ** 20);
        expect(ledger.peak).toBeGreaterThan(4 * 2 ** 20);
      },
      () => NEVER,
    );
  });

  it('C12 a field name of no length', async () => {
    await againstServer(async ({ attacker, handlers }) => {
      const peer = attacker();
      const block = Buffer.concat([
        peer.encoder.encode([':method', 'GET', ':scheme', 'http', ':path', '/']),
        Buffer.from([0x40, 0, 0]),
      ]);
      peer.send(headersFrame(peer.nextId(), block, { endStream: true }));
      await peer.until(() => peer.of(1).reset !== undefined, 'RST_STREAM');
      expect(peer.of(1).reset).toBe('PROTOCOL_ERROR');
      expect(handlers.calls).toBe(0);
      const id = peer.get();
      await peer.until(() => peer.of(id).ended, 'an answer on the same connection');
    });
  });

  it('C13 PRIORITY without end, on streams that are not there', async () => {
    await againstServer(async ({ attacker, connections }) => {
      const peer = attacker();
      const started = process.cpuUsage();
      flood(peer, 100_000, (i) => [priorityFrame(2 * (i % 1000) + 1, { dependency: 2 * ((i + 1) % 1000) + 1 })]);
      expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
      expect(connections[0]?.lanes.streams.opened).toBe(0);
      const { user, system } = process.cpuUsage(started);
      expect(user + system).toBeLessThan(5_000_000); // both sides, and the making of them
    });
  });

  it('C14 a window that is opened byte by byte: hardly anything waits, and it ends', async () => {
    const body = Buffer.alloc(2 ** 20, 'x');
    await againstServer(
      async ({ attacker, connections }) => {
        const peer = attacker({ initialWindowSize: 0 });
        const ids = Array.from({ length: 100 }, () => peer.get());
        await peer.until(() => ids.every((id) => peer.of(id).heads.length > 0), 'the heads');
        let most = 0;
        for (let round = 0; round < 2000 && !peer.socket.destroyed && peer.goaway === undefined; round++) {
          flood(peer, 100, (i) => [windowUpdateFrame(ids[i] as number, 1)]);
          await new Promise((resolve) => setImmediate(resolve));
          const [connection] = connections;
          if (connection === undefined || connection.state !== 'open') break;
          most = Math.max(most, connection.unsent);
          for (const { queued } of connection.lanes.streams.all()) most = Math.max(most, queued);
        }
        expect(most).toBeLessThanOrEqual(2 ** 20);
        expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
        expect(peer.frames.length).toBeLessThan(100 * 40);
      },
      () => ({ body }),
    );
  });

  it('C15 a window of 0, then a byte now and then: the stream ends after 30 s, the connection after three', () => {
    let peer!: VirtualPeer;
    const ids: number[] = [];
    inVirtualTime(
      (world) => {
        world.serve(({ path }) => ({ body: Buffer.alloc(path === '/well' ? 10 : 200_000, 'x') }));
        world.at(1, () =>
          world.network.connect({ host: 'server', port: 80 }).subscribe((socket) => {
            peer = new VirtualPeer('client', socket, world.scheduler);
            peer.begin({ initialWindowSize: 0 });
            ids.push(peer.get());
            const dribble = (at: number): void =>
              world.at(at, () => {
                const id = ids.at(-1) as number;
                if (peer.of(id).reset === undefined && peer.closedAt === undefined) peer.send(windowUpdateFrame(id, 1));
                if (at < 150_000) dribble(at + 20_000);
              });
            dribble(20_000);
            for (const at of [33_000, 66_000]) world.at(at, () => ids.push(peer.get()));
          }),
        );
      },
      (world) => {
        expect(ids.map((id) => peer.of(id).reset)).toEqual(['CANCEL', 'CANCEL', 'CANCEL']);
        expect(peer.heardAt('RST_STREAM 1')).toBeGreaterThanOrEqual(30_000);
        expect(peer.heardAt('RST_STREAM 1')).toBeLessThan(32_000);
        expect(peer.goaway).toBe('ENHANCE_YOUR_CALM');
        expect(world.eventsOf('timeout').map(({ error }) => error.code)).toEqual([
          'TIMEOUT_STALL',
          'TIMEOUT_STALL',
          'TIMEOUT_STALL',
        ]);
      },
    );
  });

  it('C16 a window of the connection that overflows', async () => {
    await againstServer(
      async ({ attacker }) => {
        const peer = attacker();
        const id = peer.post();
        peer.data(id, 'held');
        peer.send(windowUpdateFrame(0, 2 ** 31 - 1), windowUpdateFrame(0, 2 ** 31 - 1));
        expect(await goodbye(peer)).toBe('FLOW_CONTROL_ERROR');
      },
      () => NEVER,
    );
  });

  it.each([
    ['of the connection', 0, 'PROTOCOL_ERROR'],
    ['of a stream', 1, undefined],
  ])('C16 an increment of 0 %s', async (_, streamId, wanted) => {
    await againstServer(
      async ({ attacker }) => {
        const peer = attacker();
        peer.get();
        peer.raw(anyFrame(FrameType.WINDOW_UPDATE, 0, streamId, Buffer.alloc(4)));
        if (wanted !== undefined) return expect(await goodbye(peer)).toBe(wanted);
        await peer.until(() => peer.of(1).reset !== undefined, 'RST_STREAM');
        expect(peer.of(1).reset).toBe('PROTOCOL_ERROR');
      },
      () => NEVER,
    );
  });

  it('C17 windows that turn negative: the body comes byte for byte', async () => {
    const body = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251));
    await againstServer(
      async ({ attacker }) => {
        const peer = attacker({ initialWindowSize: 50_000 });
        peer.send(windowUpdateFrame(0, 2 ** 24));
        const id = peer.get();
        await peer.until(() => peer.of(id).body.length === 50_000, 'the first of it');
        peer.settings({ id: 4, value: 60_000 });
        await peer.until(() => peer.of(id).body.length === 60_000, 'some more');
        peer.settings({ id: 4, value: 100 }); // 59 900 below
        peer.send(windowUpdateFrame(id, 59_900));
        peer.send(pingFrame(Buffer.alloc(8)));
        await peer.until(() => peer.words.includes('PING 0 ack'), 'the answer to PING');
        expect(peer.of(id).body.length).toBe(60_000);
        peer.settings({ id: 4, value: 20_100 });
        await peer.until(() => peer.of(id).body.length === 80_000, 'exactly what the window lets through');
        peer.send(windowUpdateFrame(id, 2 ** 24));
        await peer.until(() => peer.of(id).ended, 'the end');
        expect(peer.of(id).body.equals(body)).toBe(true);
      },
      () => ({ body }),
    );
  });

  it('C17 a setting that makes a window overflow', async () => {
    await againstServer(
      async ({ attacker }) => {
        const peer = attacker();
        const id = peer.get();
        peer.send(windowUpdateFrame(id, 2 ** 31 - 1 - 65_535));
        peer.settings({ id: 4, value: 65_536 });
        expect(await goodbye(peer)).toBe('FLOW_CONTROL_ERROR');
      },
      () => NEVER,
    );
  });

  it.each([
    ['a frame size of 0', 5, 0, 'PROTOCOL_ERROR'],
    ['a frame size beyond what 24 bits hold', 5, 2 ** 32 - 1, 'PROTOCOL_ERROR'],
    ['a window beyond 2^31-1', 4, 2 ** 31, 'FLOW_CONTROL_ERROR'],
    ['an ENABLE_PUSH of 2', 2, 2, 'PROTOCOL_ERROR'],
  ])('C18 hostile SETTINGS end a client cleanly: %s', async (_, id, value, wanted) => {
    await againstClient(
      (peer) => peer.settings({ id, value }),
      async ({ client, url, peers }) => {
        const failed = await firstValueFrom(
          client.request({ url, version: '2', body: 'x'.repeat(100_000), method: 'POST' }),
        ).then(
          () => 'answered',
          (error: { code: string }) => error.code,
        );
        expect(failed).toBe(wanted);
        await (peers[0] as SocketPeer).closed;
        expect(peers[0]?.goaway).toBe(wanted);
      },
    );
  });

  it('C19 no credit is lost: padding, and DATA on streams that were reset', async () => {
    await againstServer(
      async ({ attacker }) => {
        const peer = attacker();
        await peer.until(() => peer.credit(0) > 0, 'the window');
        const left = 65_535;
        let spent = 0;
        const available = (): number => left + peer.credit(0) - spent;
        for (let i = 0; i < 600; i++) {
          const id = peer.post(i % 3 === 0 ? '/hold' : '/');
          const data = Buffer.alloc(1 + ((i * 977) % 12_000), 'x');
          const padLength = i % 5 === 0 ? undefined : (i * 31) % 256;
          if (i % 4 === 0) peer.send(rstStreamFrame(id, CANCEL));
          const cost = data.length + (padLength === undefined ? 0 : padLength + 1);
          await peer.until(() => available() >= cost, `${cost} bytes of the window`);
          spent += cost;
          if (i % 4 !== 0)
            peer.send(
              dataFrame(id, data, { ...(padLength === undefined ? {} : { padLength }), endStream: i % 2 === 0 }),
            );
          else spent -= cost;
          if (i % 2 === 1 && i % 4 !== 0) peer.send(rstStreamFrame(id, CANCEL));
          if (i % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 20));
        }
        peer.send(pingFrame(Buffer.alloc(8)));
        await peer.until(() => peer.words.includes('PING 0 ack'), 'the answer to PING');
        expect(spent).toBeGreaterThan(2 * 2 ** 20);
        expect(available()).toBeGreaterThan(2 ** 19); // half of it is given back at a time
        expect(available()).toBeLessThanOrEqual(2 ** 20);
      },
      (request) => (request.path === '/hold' ? NEVER : { body: 'fine' }),
      { http2: { maxResets: { burst: 100_000, perSecond: 1 } } },
    );
  });

  it('C19 DATA that was on its way when we reset still counts for the connection', async () => {
    await againstServer(
      async ({ attacker }) => {
        const peer = attacker();
        const chunk = Buffer.alloc(16_384, 'x');
        await peer.until(() => peer.credit(0) > 0, 'the window');
        const before = peer.credit(0);
        const id = peer.post('/', { 'content-length': '10000000' }); // answered, and reset with NO_ERROR
        await peer.until(() => peer.of(id).reset === 'NO_ERROR', 'RST_STREAM');
        for (let i = 0; i < 40; i++) peer.send(dataFrame(id, chunk));
        await peer.until(() => peer.credit(0) > before, 'the window given back');
        expect(peer.goaway).toBeUndefined();
      },
      () => ({ body: 'no, thanks' }),
    );
  });

  it('C20 one stream more than was said', async () => {
    await againstServer(
      async ({ attacker, handlers }) => {
        const peer = attacker();
        const ids = Array.from({ length: 101 }, () => peer.get());
        await peer.until(() => peer.resets.length > 0, 'RST_STREAM');
        expect(peer.resets).toMatchObject([{ streamId: ids.at(-1), errorCode: Http2ErrorCode.REFUSED_STREAM }]);
        expect(handlers.calls).toBe(100);
      },
      () => NEVER,
    );
  });

  it.each([
    ['even', [2]],
    ['used again', [1, 1]],
    ['going down', [5, 3]],
    ['0', [0]],
  ])('C20 a stream identifier that is %s', async (_, ids) => {
    await againstServer(async ({ attacker, handlers }) => {
      const peer = attacker();
      for (const id of ids) {
        const frame = peer.requestFrame(1) as ReturnType<typeof headersFrame>;
        peer.raw(anyFrame(FrameType.HEADERS, FrameFlag.END_HEADERS | FrameFlag.END_STREAM, id, frame.fragment));
      }
      expect(['PROTOCOL_ERROR', 'STREAM_CLOSED']).toContain(await goodbye(peer));
      expect(handlers.calls).toBe(ids.length - 1);
    });
  });

  it('C21 what comes after GOAWAY is dropped unread', async () => {
    await againstServer(async ({ attacker, handlers }) => {
      const peer = attacker();
      peer.raw(anyFrame(FrameType.PING, 0, 0, Buffer.alloc(7)));
      await peer.until(() => peer.goaways.length > 0, 'GOAWAY');
      const heard = peer.frames.length;
      peer.raw(
        anyFrame(FrameType.PING, 0, 0, Buffer.alloc(9)),
        anyFrame(FrameType.DATA, 0, 0),
        Buffer.alloc(10_000, 0xff),
      );
      peer.get();
      await peer.closed;
      expect(peer.goaway).toBe('FRAME_SIZE_ERROR');
      expect(peer.frames.length).toBe(heard);
      expect(handlers.calls).toBe(0);
    });
  });

  it.each([
    ['ORIGIN', 0xc],
    ['ALTSVC', 0xa],
    ['nobody knows', 0xee],
  ])('C22 a flood of frames a client ignores: %s', async (_, type) => {
    await againstClient(
      (peer) => {
        peer.begin();
        flood(peer, 100_000, () => anyFrame(type, 0, 0, Buffer.alloc(2)));
      },
      async ({ client, url, peers, connections }) => {
        const code = await firstValueFrom(client.request({ url, version: '2' })).then(
          () => 'answered',
          (error: { code: string }) => error.code,
        );
        expect(code).toBe('ENHANCE_YOUR_CALM');
        await (peers[0] as SocketPeer).closed;
        expect(connections[0]?.frames).toBeLessThan(1200);
      },
    );
  });

  it('C23 a push that was not asked for', async () => {
    await againstClient(
      (peer) => {
        peer.begin();
        peer.onFrame = (frame) => {
          if (frame.type !== FrameType.HEADERS) return;
          const list = [':method', 'GET', ':scheme', 'http', ':authority', 'elsewhere', ':path', '/', 'cookie', 'a=b'];
          peer.send(pushPromiseFrame(1, 2, peer.encoder.encode(list)));
          peer.respond(1, 'fine');
        };
      },
      async ({ client, url, peers }) => {
        const code = await firstValueFrom(client.request({ url, version: '2' })).then(
          () => 'answered',
          (error: { code: string }) => error.code,
        );
        expect(code).toBe('PROTOCOL_ERROR');
        expect(await goodbye(peers[0] as SocketPeer)).toBe('PROTOCOL_ERROR');
      },
    );
  });

  it.each(['write', 'cancel', 'close', 'destroy', 'all'])('C24 %s in every callback of a handler', async (act) => {
    let arena!: Arena;
    await againstServer(
      async (given) => {
        arena = given;
        const { attacker, connections, handlers } = arena;
        const peer = attacker();
        for (let i = 0; i < 20; i++) {
          const id = peer.post('/', { trailer: 'x' });
          peer.data(id, 'one').data(id, 'two').headers(id, { x: 'y' }, true);
          const other = peer.post();
          peer.data(other, 'one').send(rstStreamFrame(other, CANCEL));
        }
        await eventually(() => handlers.calls > 0);
        if (act === 'write' || act === 'cancel') {
          const last = peer.get('/plain');
          await peer.until(() => peer.of(last).ended || peer.of(last).reset !== undefined, 'an answer');
        } else {
          await peer.closed;
          await eventually(() => connections[0]?.state === 'closed');
        }
      },
      (request: ServerRequest) =>
        new Observable((subscriber) => {
          const hooked = (): void => {
            if (act === 'write' || act === 'all') subscriber.next({ status: 103, fields: { link: '</a>' } });
            if (act === 'close' || act === 'all') arena.connections[0]?.close();
            if (act === 'cancel' || act === 'all') subscriber.error(new Error('no more'));
            if (act === 'destroy' || act === 'all') arena.connections[0]?.destroy(new Error('gone'));
          };
          request.cancelled$.subscribe(hooked);
          request.trailers.subscribe({ next: hooked, error: hooked });
          request.body.subscribe({
            next: hooked,
            error: hooked,
            complete: () => {
              hooked();
              subscriber.next({ body: of(Buffer.from('a'), Buffer.from('b')) });
              subscriber.complete();
            },
          });
          if (request.path === '/plain') hooked();
        }),
    );
  });

  it('C25 an upgrade to h2c is none: the request is one of HTTP/1.1', async () => {
    await againstServer(
      async ({ port }) => {
        const { connect } = await import('node:net');
        const socket = connect(port, '127.0.0.1');
        let received = '';
        socket.on('data', (chunk) => (received += chunk.toString('latin1')));
        const closed = new Promise((resolve) => socket.on('close', resolve));
        socket.write(
          'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, http2-settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n',
        );
        await closed;
        expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
        expect(received).toMatch(/\r\n\r\n1\.1 h2c$/);
        expect(received).not.toContain('101');
      },
      (request) => ({ body: `${request.version} ${request.upgrade}` }),
    );
  });

  it.each(['REFUSED_STREAM', 'GOAWAY'])('C26 a server that refuses everything: %s', async (how) => {
    let requests = 0;
    await againstClient(
      (peer) => {
        peer.begin();
        peer.onFrame = (frame) => {
          if (frame.type !== FrameType.HEADERS) return;
          requests++;
          if (how === 'GOAWAY')
            peer.send({
              type: FrameType.GOAWAY,
              flags: 0,
              streamId: 0,
              lastStreamId: 0,
              errorCode: 0,
              debugData: Buffer.alloc(0),
            });
          else peer.send(rstStreamFrame(frame.streamId, Http2ErrorCode.REFUSED_STREAM));
        };
      },
      async ({ client, url }) => {
        const codes = await Promise.all(
          Array.from({ length: 5 }, () =>
            firstValueFrom(client.request({ url, version: '2' })).then(
              () => 'answered',
              (error: { code: string }) => error.code,
            ),
          ),
        );
        expect(new Set(codes)).toEqual(new Set([how === 'GOAWAY' ? 'STREAM_UNPROCESSED' : 'REFUSED_STREAM']));
        expect(requests).toBeLessThanOrEqual(10);
        expect(requests).toBeGreaterThanOrEqual(2);
      },
    );
  });
});

describe('D: HPACK, on the wire', () => {
  /** GET http://a/, and nothing of it enters the table. */
  const request = (...parts: Uint8Array[]): Uint8Array => Buffer.concat([Buffer.from('828684110161', 'hex'), ...parts]);
  /** A literal that is entered into the table: an entry of nearly 4 KiB. */
  const entry = Buffer.concat([Buffer.from([0x40, 1, 0x61, 0x7f, 0x9e, 0x1e]), Buffer.alloc(3997, 'b')]);
  const references = (count: number): Uint8Array => Buffer.alloc(count, 0xbe);

  /** Sends a block on a stream of its own, in as many frames as it takes. */
  function sendBlock(peer: SocketPeer, block: Uint8Array): number {
    const id = peer.nextId();
    const first = block.subarray(0, 16_384);
    peer.send(headersFrame(id, first, { endStream: true, endHeaders: first.length === block.length }));
    for (let at = 16_384; at < block.length; at += 16_384) {
      const piece = block.subarray(at, at + 16_384);
      peer.send(continuationFrame(id, piece, at + piece.length === block.length));
    }
    return id;
  }

  it('D1 an HPACK bomb is refused with 431, and the connection goes on', async () => {
    await againstServer(async ({ attacker, handlers, events }) => {
      const peer = attacker();
      const first = sendBlock(peer, request(entry));
      const bomb = sendBlock(peer, Buffer.concat([request(), references(16_000)]));
      const after = sendBlock(peer, request(references(1)));
      await peer.until(() => [first, bomb, after].every((id) => peer.of(id).ended), 'the answers');
      expect([first, bomb, after].map((id) => peer.of(id).heads[0]?.[':status'])).toEqual(['200', '431', '200']);
      expect(handlers.calls).toBe(2);
      expect(events.find(({ type }) => type === 'refused')).toMatchObject({
        status: 431,
        error: { limit: 'maxFieldBytes' },
      });
    });
  });

  it('D2 so many crumbs of a cookie: the 129th field', async () => {
    await againstServer(async ({ attacker, handlers }) => {
      const peer = attacker();
      const crumb = Buffer.from([0x60, 0]); // cookie with an empty value, into the table
      const fine = sendBlock(peer, request(crumb, references(123)));
      const bomb = sendBlock(peer, request(references(125)));
      const large = sendBlock(peer, request(references(20_000)));
      await peer.until(() => [fine, bomb, large].every((id) => peer.of(id).ended), 'the answers');
      expect([fine, bomb, large].map((id) => peer.of(id).heads[0]?.[':status'])).toEqual(['200', '431', '431']);
      expect(handlers.calls).toBe(1);
    });
  });

  const hostile: readonly [string, Uint8Array][] = [
    ['D3 an integer without end', Buffer.from('ffffffffffff7f', 'hex')],
    ['D4 the end-of-string code', Buffer.from('000161 84 ffffffff'.replaceAll(' ', ''), 'hex')],
    ['D4 padding that is not all ones', Buffer.from('00811e00', 'hex')],
    ['D5 a table size beyond the limit', Buffer.from('3fe21f', 'hex')],
    ['D5 a table size update inside a block', Buffer.from('8220', 'hex')],
    ['D5 three table size updates', Buffer.from('202020', 'hex')],
  ];
  it.each(hostile)('%s', async (_, block) => {
    await againstServer(async ({ attacker, handlers }) => {
      const peer = attacker();
      sendBlock(peer, block);
      expect(await goodbye(peer)).toBe('COMPRESSION_ERROR');
      expect(handlers.calls).toBe(0);
    });
  });

  it('D6 a huge table that is offered to our encoder', async () => {
    let i = 0;
    await againstServer(
      async ({ attacker, connections }) => {
        const peer = attacker({ headerTableSize: 2 ** 32 - 1 });
        for (let n = 0; n < 300; n++) peer.get();
        await peer.until(() => peer.ids.length === 300 && peer.ids.every((id) => peer.of(id).ended), 'the answers');
        expect(connections[0]?.lanes.sender.encoder.tableCapacity).toBe(4096);
        expect(connections[0]?.lanes.sender.encoder.tableSize).toBeLessThanOrEqual(4096);
      },
      () => ({ fields: { [`x-${i++}`]: 'y'.repeat(40) }, body: 'x' }),
      { http2: { settings: { maxConcurrentStreams: 1000 } } },
    );
  });

  it('D7 every second one refused: the fields of the others are exact', async () => {
    const wrong: string[] = [];
    await againstServer(
      async ({ attacker, handlers }) => {
        const peer = attacker();
        for (let i = 0; i < 10_000; i += 100) {
          const last = Array.from({ length: 100 }, (_, j) => {
            const fields: Record<string, string> = { 'x-number': String(i + j), 'user-agent': `agent ${j % 50}` };
            if (j % 2 === 1) for (let k = 0; k < 130; k++) fields[`x-${k}`] = String(k % 11);
            return peer.get(`/${i + j}`, fields);
          }).at(-1) as number;
          await peer.until(() => peer.of(last).ended, 'the answers');
        }
        expect(peer.statuses.filter((status) => status === '431')).toHaveLength(5000);
        expect(handlers.calls).toBe(5000);
        expect(wrong).toEqual([]);
      },
      ({ path, fields }) => {
        const number = Number(path.slice(1));
        const exact =
          fields.get('x-number') === String(number) && fields.get('user-agent') === `agent ${(number % 100) % 50}`;
        if (!exact || fields.size !== 2) wrong.push(path);
        return { status: 204 };
      },
    );
  });

  it('D8 what is secret goes as a literal that is never indexed, both ways', async () => {
    await againstServer(
      async ({ attacker }) => {
        const peer = attacker();
        for (let i = 0; i < 2; i++) peer.get('/', { authorization: 'secret' });
        await peer.until(() => peer.of(3).ended, 'the answers');
        const blocks = peer.frames
          .filter((frame) => frame.type === FrameType.HEADERS)
          .map((frame) => (frame as { fragment: Uint8Array }).fragment);
        for (const block of blocks) expect(Buffer.from(block).includes(Buffer.from([0x1f, 0x28]))).toBe(true); // 0001, set-cookie
      },
      () => ({ status: 204, fields: { 'set-cookie': 'id=secret' } }),
    );
  });

  it('D9 a huge block ends the connection before most of it is read', async () => {
    await againstServer(async ({ attacker, connections }) => {
      const peer = attacker();
      sendBlock(peer, Buffer.concat([Buffer.from('000161ff81ffff04', 'hex'), Buffer.alloc(10 << 20)]));
      expect(await goodbye(peer)).toBe('ENHANCE_YOUR_CALM');
      expect(connections[0]?.frames).toBeLessThanOrEqual(2 + 3); // beside the settings
    });
  });
});
