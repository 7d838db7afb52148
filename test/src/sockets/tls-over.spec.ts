import { Duplex, PassThrough } from 'node:stream';
import { connect as nodeConnect, TLSSocket } from 'node:tls';
import { asapScheduler, firstValueFrom } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import type { ByteDuplex } from '../../../src/sockets/byte-duplex.js';
import { memoryPair, type MemoryPairConfig } from '../../../src/sockets/memory-socket.js';
import { streamDuplex } from '../../../src/sockets/stream-duplex.js';
import { acceptTls, tlsOver } from '../../../src/sockets/tls.js';
import { certificates } from '../../support/certificates.js';
import { bytes, connected, handles, Reader, until } from './harness.js';
import { shaken } from './tls-harness.js';

const { ca, server } = certificates();

const atStart = handles().length;

function pair(config: MemoryPairConfig = {}): [ByteDuplex, ByteDuplex] {
  return memoryPair({ scheduler: asapScheduler, ...config });
}

/** Sends `total` bytes of a pattern, each chunk when the one before has gone, then ends. */
function send(to: ByteDuplex, total: number, size = 16_384): void {
  let at = 0;
  let running = false;
  let wanted = true;
  const gone = (): void => {
    wanted = true;
    if (!running) pump();
  };
  const pump = (): void => {
    running = true;
    while (wanted && at < total) {
      wanted = false;
      const chunk = Buffer.alloc(Math.min(size, total - at));
      for (let i = 0; i < chunk.length; i++) chunk[i] = (at + i) % 251;
      at += chunk.length;
      deliver(to, chunk, gone);
    }
    running = false;
    if (at >= total && wanted) to.complete();
  };
  pump();
}

/** Counts the bytes that continue the pattern. */
function checked(from: ByteDuplex, pace?: (release: Release) => void): { right: number; reader: Reader } {
  const state = { right: 0, reader: undefined as unknown as Reader };
  state.reader = new Reader(from, (chunk) => {
    for (const byte of chunk) if (byte === state.right % 251) state.right++;
    pace?.(hold());
  });
  return state;
}

describe('TLS over a memory pair', () => {
  it('carries bytes, with facts of both', async () => {
    const [near, far] = await shaken(...pair(), { ...server, alpn: ['http/1.1'] });
    expect(near.info).toMatchObject({
      transport: 'tls',
      remote: { family: 'memory', address: 'server' },
      tls: { alpnProtocol: 'http/1.1', authorized: true, servername: 'localhost' },
    });
    expect(far.info).toMatchObject({ transport: 'tls', remote: { family: 'memory', address: 'client' } });
    const [atNear, atFar] = [new Reader(near), new Reader(far)];
    near.next(bytes('question'));
    await until(() => atFar.text === 'question');
    far.next(bytes('answer'));
    await until(() => atNear.text === 'answer');
  });

  it.each<[string, MemoryPairConfig]>([
    ['byte by byte', { chunking: () => 1 }],
    ['in odd pieces', { chunking: (_, index) => 1 + ((index * 7919) % 1300) }],
    ['through a narrow window', { highWaterMark: 100, chunking: () => 33 }],
    ['through a window of one byte', { highWaterMark: 1 }],
  ])('survives partial writes: %s', async (_, config) => {
    const [near, far] = await shaken(...pair(config));
    const total = 100_000;
    // Both ways at once: each side reads while its own way out is blocked.
    const [down, up] = [checked(near), checked(far)];
    send(near, total, 5000);
    send(far, total, 3000);
    await until(() => down.reader.over && up.reader.over);
    expect([down.right, up.right, down.reader.ended, up.reader.ended]).toEqual([total, total, true, true]);
  });

  it('holds the carrier while the clear side is held, and writers with it', async () => {
    const [near, far] = pair({ highWaterMark: 32_768 });
    const [client, peer] = await shaken(near, far);
    const releases: Release[] = [];
    const down = checked(client, (release) => releases.push(release));
    const total = 4 << 20;
    send(peer, total, 16_384);
    for (let i = 0, last = -1; i < 30; i = down.right === last ? i + 1 : 0) {
      last = down.right;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(client.paused).toBe(true);
    expect(near.heldBytes).toBeGreaterThan(0);
    expect(down.right).toBeLessThan(262_144);
    expect(peer.bufferedBytes).toBeGreaterThan(0);
    while (!down.reader.over) {
      for (const release of releases.splice(0)) release();
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const release of releases.splice(0)) release();
    expect([down.right, down.reader.ended]).toEqual([total, true]);
    expect([near.heldBytes, client.heldBytes]).toEqual([0, 0]);
  });
});

describe('closing', () => {
  it('goes in rounds: each side says so, then the carriers end', async () => {
    const [near, far] = pair();
    const [client, peer] = await shaken(near, far);
    const [atClient, atPeer] = [new Reader(client), new Reader(peer)];
    client.next(bytes('last words'));
    client.complete();
    await until(() => atPeer.ended);
    expect([atPeer.text, atClient.over]).toEqual(['last words', false]);
    peer.next(bytes('still'));
    peer.next(bytes(' here'));
    peer.complete();
    await until(() => atClient.ended && client.destroyed && peer.destroyed);
    expect(atClient.text).toBe('still here');
    await until(() => near.destroyed && far.destroyed);
  });

  it('takes an end without close_notify for a FIN', async () => {
    const [near, far] = pair();
    const [client, peer] = await shaken(near, far);
    const [atClient, atPeer] = [new Reader(client), new Reader(peer)];
    peer.next(bytes('cut'));
    await until(() => atClient.text === 'cut');
    far.complete(); // the carrier, behind the back of TLS
    await until(() => atClient.over);
    expect([atClient.ended, atClient.error]).toEqual([true, undefined]);
    client.next(bytes('anyway'));
    await until(() => atPeer.text === 'anyway');
  });

  it('passes a reset on as NetworkError', async () => {
    const [near, far] = pair();
    const [client, peer] = await shaken(near, far);
    const [atClient, atPeer] = [new Reader(client), new Reader(peer)];
    far.error(new Error('pulled the plug'));
    await until(() => atClient.over && atPeer.over);
    expect(atClient.error).toMatchObject({ name: 'NetworkError', code: 'ECONNRESET' });
  });

  it('aborts the carrier on error, and when the reader leaves', async () => {
    for (const how of ['error', 'leave'] as const) {
      const [near, far] = pair();
      const [client, peer] = await shaken(near, far);
      const [atClient, atPeer] = [new Reader(client), new Reader(peer)];
      if (how === 'error') client.error(new Error('enough'));
      else atClient.leave();
      await until(() => near.destroyed && atPeer.over);
    }
  });

  it('lets go of what it held when it is aborted', async () => {
    const [near, far] = pair({ highWaterMark: 16_384 });
    const [client, peer] = await shaken(near, far);
    const reader = new Reader(client, () => void hold());
    send(peer, 1 << 20);
    await until(() => near.heldBytes > 0 && client.paused);
    reader.leave();
    await until(() => near.heldBytes === 0);
  });
});

describe('any bytes', () => {
  it('TLS in TLS in TLS over TCP', async () => {
    const [near, far] = await connected();
    const [near1, far1] = await shaken(near, far);
    const [near2, far2] = await shaken(near1, far1);
    const [near3, far3] = await shaken(near2, far2);
    expect(near3.info.remote).toEqual(near.info.remote);
    const total = 1 << 20;
    const [down, up] = [checked(near3), checked(far3)];
    send(near3, total);
    send(far3, total);
    await until(() => down.reader.over && up.reader.over);
    expect([down.right, up.right]).toEqual([total, total]);
    await until(() => near.destroyed && far.destroyed);
  });

  it('a stream of the user, against Node itself', async () => {
    const here = new PassThrough();
    const there = new PassThrough();
    const nodeSide = Duplex.from({ readable: here, writable: there });
    const ours = streamDuplex(Duplex.from({ readable: there, writable: here }));
    const secure = new TLSSocket(nodeSide, { isServer: true, ...server });
    onTestFinished(() => void secure.destroy());
    secure.on('data', (chunk) => secure.write(chunk)).on('error', () => undefined);
    const clear = await firstValueFrom(tlsOver(ours, { host: 'localhost', tls: { ca } }));
    expect(clear.info.remote).toEqual({ family: 'memory', address: '', port: 0 });
    const reader = new Reader(clear);
    clear.next(bytes('echo'));
    await until(() => reader.text === 'echo');
  });

  it('Node as the client, over TCP', async () => {
    const [near, far] = await connected();
    const bridge = new Duplex({
      allowHalfOpen: true,
      read() {},
      write(chunk: Uint8Array, _, done) {
        near.next(chunk);
        done();
      },
      final(done) {
        near.complete();
        done();
      },
    });
    near.subscribe({
      next: (chunk) => bridge.push(chunk),
      error: () => bridge.destroy(),
      complete: () => bridge.push(null),
    });
    const socket = nodeConnect({ socket: bridge, servername: 'localhost', ca });
    onTestFinished(() => void socket.destroy());
    const clear = await firstValueFrom(acceptTls(far, server));
    const reader = new Reader(clear);
    socket.end('hello');
    await until(() => reader.ended);
    expect(reader.text).toBe('hello');
    clear.complete();
  });

  it('leaves no handle behind', async () => {
    await until(() => handles().length <= atStart);
  });
});
