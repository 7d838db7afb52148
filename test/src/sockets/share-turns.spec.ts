import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import { hold, type Release } from '../../../operators/core/deliver.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as ShareTurns from '../../../src/sockets/share-turns.js';
import { ByteDuplex } from '../../../src/sockets/byte-duplex.js';
import { streamDuplex } from '../../../src/sockets/stream-duplex.js';
import { connected, Reader, turns, until } from './harness.js';

const FULL = 65_536;

describe('a turn of the event loop', () => {
  /** Milliseconds. */
  let clock = 0;
  let TurnShare: typeof ShareTurns.TurnShare;

  beforeEach(async () => {
    clock = 0;
    vi.resetModules(); // nobody has been read in a turn yet
    const { turn } = await import('../../../src/sockets/turn.js');
    vi.spyOn(turn, 'now').mockImplementation(() => clock);
    ({ TurnShare } = await import('../../../src/sockets/share-turns.js'));
  });
  afterEach(() => vi.restoreAllMocks());

  /** Is read by what takes so many milliseconds a byte. */
  class Taker implements ShareTurns.TurnReader {
    ready = true;
    reads = 0;
    stops = 0;
    pieces: number[] = [];
    readonly share = new TurnShare(this);

    constructor(readonly dear: number) {}

    get bytes(): number {
      return this.pieces.reduce((sum, piece) => sum + piece, 0);
    }

    take(piece: Uint8Array): boolean {
      this.pieces.push(piece.length);
      clock += piece.length * this.dear;
      return this.ready;
    }

    stop(): void {
      this.stops++;
    }

    readOn(): void {
      this.reads++;
    }
  }

  /** Two who are modest are read in each turn: ten bytes, a hundredth of a millisecond. */
  async function besides(others: readonly Taker[], count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      for (const { share } of others) share.give(new Uint8Array(10));
      await turns(1);
    }
  }

  it('is not shared where one is read alone', async () => {
    const only = new Taker(1);
    for (let i = 0; i < 5; i++) {
      for (let read = 0; read < 32; read++) expect(only.share.give(new Uint8Array(FULL))).toBe(true);
      await turns(1);
    }
    expect([only.pieces.length, only.bytes, only.stops, only.reads]).toEqual([160, 160 * FULL, 0, 0]);
  });

  it('gives whoever asks for much what others ask for, and the rest in later turns', async () => {
    const modest = [new Taker(0.001), new Taker(0.001)];
    const greedy = new Taker(0.001);
    await besides(modest, 5);
    expect(greedy.share.give(new Uint8Array(FULL))).toBe(false);
    // The first slice is a guess; what it took is paid first.
    expect([greedy.pieces, greedy.stops, greedy.share.waits]).toEqual([[1024], 1, true]);
    await besides(modest, 150);
    expect(greedy.bytes).toBe(1024);
    await besides(modest, 400);
    const before = greedy.bytes;
    await besides(modest, 2000);
    // A share is 0.02 milliseconds, and a quarter of it 5 bytes.
    expect((greedy.bytes - before) / 2000).toBeGreaterThan(4);
    expect((greedy.bytes - before) / 2000).toBeLessThan(6);
    expect(greedy.reads).toBe(0);
    await until(() => greedy.reads > 0); // nobody else is read: shares grow
    expect([greedy.bytes, greedy.share.waits]).toEqual([FULL, false]);
  });

  it('has shares of a sixteenth of the time that the modest have been away, however many turns that is', async () => {
    const { turn } = await import('../../../src/sockets/turn.js');
    const modest = [new Taker(0.001), new Taker(0.001)];
    await besides(modest, 5);
    expect(turn.share).toBeCloseTo(0.02);
    for (let i = 0; i < 200; i++) {
      turn.reads(20);
      turn.reads(20);
      clock += 0.01;
      await turns(1);
    }
    expect(turn.share).toBeCloseTo(2 / 16);
    clock += 200;
    turn.reads(20);
    turn.reads(20);
    await turns(1);
    expect(turn.share).toBe(10); // no share is longer, where two are read
    await besides(modest, 1);
    expect(turn.share).toBeCloseTo(0.02);
  });

  it('has a quarter of a share for all who wait, one after the other', async () => {
    const modest = [new Taker(0.001), new Taker(0.001)];
    const greedy = Array.from({ length: 8 }, () => new Taker(0.001));
    await besides(modest, 5);
    for (const { share } of greedy) expect(share.give(new Uint8Array(FULL))).toBe(false);
    await besides(modest, 2000);
    const before = greedy.map(({ bytes }) => bytes);
    await besides(modest, 4000);
    const gained = greedy.map(({ bytes }, i) => bytes - (before[i] as number));
    const all = gained.reduce((sum, bytes) => sum + bytes, 0);
    expect(all / 4000).toBeGreaterThan(4);
    expect(all / 4000).toBeLessThan(6);
    expect(Math.min(...gained)).toBeGreaterThan(2000);
  });

  it('reads nobody again before what was taken is paid, however small the chunks', async () => {
    const modest = [new Taker(0.001), new Taker(0.001)];
    const greedy = [new Taker(0.001), new Taker(0.001)];
    await besides(modest, 5);
    // Whoever is read again gives as much again.
    const reading = greedy.map((taker) => {
      const read = (): boolean => taker.share.give(new Uint8Array(300));
      taker.readOn = () => void (taker.reads++, setImmediate(read));
      return read;
    });
    for (const read of reading) expect(read()).toBe(false);
    await besides(modest, 2000);
    const bytes = greedy.reduce((sum, taker) => sum + taker.bytes, 0);
    expect(bytes / 2000).toBeGreaterThan(4);
    expect(bytes / 2000).toBeLessThan(6);
    expect(Math.min(...greedy.map(({ reads }) => reads))).toBeGreaterThan(10);
  });

  it('counts the time since the last delivery of the turn as that of reading, where much was read', async () => {
    const modest = [new Taker(0.001), new Taker(0.001)];
    const free = new Taker(0);
    await besides(modest, 5);
    for (const { share } of modest) share.give(new Uint8Array(10));
    clock += 0.05;
    expect(free.share.give(new Uint8Array(300))).toBe(false);
    await besides(modest, 8);
    expect(free.reads).toBe(0);
    await besides(modest, 8);
    expect([free.reads, free.bytes]).toEqual([1, 300]);
    for (const { share } of modest) share.give(new Uint8Array(10));
    clock += 0.05;
    expect(free.share.give(new Uint8Array(200))).toBe(true); // little
    expect(free.bytes).toBe(500);
  });

  it('counts what it takes to write the answers of those who go on', async () => {
    const { TurnBuffer } = await import('../../../src/sockets/write-turn.js');
    const write = (): boolean => (clock += 0.05) > 0;
    const answers = new TurnBuffer({ writable: true, writableLength: 0, write } as unknown as Duplex);
    const modest = [new Taker(0.001), new Taker(0.001)];
    const greedy = new Taker(0.001);
    await besides(modest, 5);
    greedy.share.give(new Uint8Array(FULL));
    greedy.take = (piece) => answers.write(Buffer.from('!')) && Taker.prototype.take.call(greedy, piece);
    await besides(modest, 2300);
    // 0.114 milliseconds for 64 bytes: each 23 turns.
    expect(greedy.pieces.length).toBeGreaterThan(80);
    expect(greedy.pieces.length).toBeLessThan(110);
    greedy.share.takeRest();
  });

  it('lets a dear piece count for a millisecond and no more', async () => {
    const modest = [new Taker(0.001), new Taker(0.001)];
    const dear = new Taker(0.1);
    await besides(modest, 5);
    dear.share.give(new Uint8Array(2000)); // the first slice takes 102 milliseconds
    expect(dear.pieces).toEqual([1024]);
    await besides(modest, 195);
    expect(dear.pieces).toEqual([1024]);
    await besides(modest, 10);
    expect(dear.pieces.length).toBeGreaterThan(1);
  });

  it('lets those who are alike go on in the next turn', async () => {
    const all = Array.from({ length: 4 }, () => new Taker(0.001));
    for (let i = 0; i < 3; i++) {
      for (const { share } of all) share.give(new Uint8Array(900));
      await turns(1);
    }
    for (const { share } of all) while (share.give(new Uint8Array(900)));
    const reads = all.map((taker) => taker.reads);
    await turns(2);
    expect(all.map((taker, i) => taker.reads - (reads[i] as number))).toEqual([1, 1, 1, 1]);
  });

  it('is cut for nobody where all ask for much', async () => {
    const all = [new Taker(0.001), new Taker(0.001), new Taker(0.001)];
    for (let i = 0; i < 50; i++) {
      for (const { share } of all) expect(share.give(new Uint8Array(900))).toBe(true);
      await turns(1);
    }
    for (const { pieces, stops } of all) expect([pieces, stops]).toEqual([Array.from({ length: 50 }, () => 900), 0]);
  });

  it('keeps what a reader takes no more of until it does, or for whoever comes after it', async () => {
    const modest = [new Taker(0.001), new Taker(0.001)];
    const full = new Taker(0);
    await besides(modest, 5);
    full.ready = false;
    expect(full.share.give(new Uint8Array(3000))).toBe(false);
    expect([full.pieces, full.share.waits]).toEqual([[1024], true]);
    full.share.wait();
    await besides(modest, 2);
    expect(full.pieces).toEqual([1024]);
    full.ready = true;
    full.share.wait();
    await besides(modest, 2);
    expect([full.bytes, full.reads, full.share.waits]).toEqual([3000, 1, false]);
    full.ready = false;
    expect(full.share.give(new Uint8Array(FULL))).toBe(false);
    expect(full.share.takeRest()?.length).toBe(FULL + 3000 - full.bytes);
    expect([full.share.waits, full.share.takeRest()]).toEqual([false, undefined]);
  });
});

describe('connections that are sent much at once', () => {
  /** What takes its time over each byte, beside two who say a word again and again. */
  const dear = (chunk: Uint8Array): void => {
    const until = performance.now() + chunk.length / 10_000;
    while (performance.now() < until);
  };

  async function besideSomebody(): Promise<() => void> {
    let over = false;
    const pairs = await Promise.all([connected({}, {}), connected({}, {})]);
    const readers = pairs.map(([client, server]) => {
      const say = (): void => client.next(Buffer.from('x'));
      setImmediate(say);
      return new Reader(server, () => !over && setImmediate(say));
    });
    await until(() => readers.every(({ bytes }) => bytes > 20));
    return () => (over = true);
  }

  const size = 24 * FULL + 7;
  const sent = Uint8Array.from({ length: size }, (_, i) => (i * 31) % 251);

  it.each([
    ['as it comes', () => undefined],
    ['held now and then', (releases: Release[]) => releases.push(hold())],
  ])('all get all of it, in order, %s', async (_, keep) => {
    const stop = await besideSomebody();
    const releases: Release[] = [];
    const pairs = await Promise.all([1, 2, 3].map(() => connected({}, {})));
    const seen = pairs.map(() => Buffer.alloc(size));
    const readers = pairs.map(([, server], i) => {
      let at = 0;
      return new Reader(server, (chunk) => {
        (seen[i] as Buffer).set(chunk, at);
        at += chunk.length;
        dear(chunk);
        keep(releases);
      });
    });
    for (const [client] of pairs) {
      client.next(sent);
      client.complete();
    }
    await until(() => {
      for (const release of releases.splice(0)) release();
      return readers.every(({ ended }) => ended);
    });
    stop();
    for (const [i, { bytes }] of readers.entries()) {
      expect(bytes).toBe(size);
      expect((seen[i] as Buffer).equals(sent), `connection ${i}`).toBe(true);
    }
  });

  it('get what was read of it before they learn that the peer has reset them', async () => {
    const stop = await besideSomebody();
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const codes: unknown[] = [];
    for (let i = 0; i < 10; i++) {
      const client = connect((listener.address() as AddressInfo).port, '127.0.0.1');
      const [socket] = (await once(listener, 'connection')) as [Socket];
      const seen: Uint8Array[] = [];
      const duplex = streamDuplex(socket);
      const reader = new Reader(duplex, (chunk) => {
        seen.push(chunk);
        dear(chunk);
        duplex.next(Buffer.from('x')); // while some waits nothing is read: it is a write that fails
      });
      client.write(sent);
      await until(() => reader.bytes > 0);
      client.resetAndDestroy();
      await until(() => reader.over);
      codes.push(reader.code); // a reset behind an end may be told as one
      expect(reader.bytes).toBe(socket.bytesRead);
      expect(Buffer.concat(seen).equals(sent.subarray(0, reader.bytes))).toBe(true);
    }
    expect(codes).toContain('ECONNRESET');
    listener.close();
    stop();
  });

  it('can be left, reset or handed on while some of it waits', async () => {
    const stop = await besideSomebody();
    const chunks: number[] = [];
    const begun = async (): Promise<[ByteDuplex, ByteDuplex, Reader]> => {
      const [client, server] = await connected({}, {});
      const reader = new Reader(server, (chunk) => {
        chunks.push(chunk.length);
        dear(chunk);
      });
      client.next(sent);
      await until(() => reader.bytes > 0);
      return [client, server, reader];
    };
    const [, left, leaver] = await begun();
    leaver.leave();
    const bytes = leaver.bytes;
    const [, failing, failed] = await begun();
    failing.error(new Error('enough'));
    await turns(20);
    expect([leaver.bytes, left.destroyed]).toEqual([bytes, true]);
    expect([failed.bytes < size, failing.destroyed]).toEqual([true, true]);
    expect(Math.min(...chunks)).toBeLessThan(FULL); // they were cut

    const [client, server] = await connected({}, {});
    const all: Uint8Array[] = [];
    let first = 0;
    server.subscribe((chunk) => {
      first = chunk.length;
      dear(chunk);
      ByteDuplex.portOf(server).unread(chunk);
    });
    client.next(sent);
    client.complete();
    await until(() => first > 0);
    await turns(5);
    const stream = ByteDuplex.portOf(server).detach();
    stream?.on('data', (chunk: Uint8Array) => all.push(chunk)).resume();
    await until(() => all.reduce((sum, { length }) => sum + length, 0) === size);
    stop();
    stream?.destroy();
    expect(Buffer.concat(all).equals(sent)).toBe(true);
  });
});
