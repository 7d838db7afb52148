import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { streamDuplex } from '../../../src/sockets/stream-duplex.js';
import { connected, handles, Reader, turns, until } from './harness.js';

const MIB = 1 << 20;

/** Sends for ever, as fast as the way out lets go; counts what has gone. */
function pour(duplex: { next(chunk: Uint8Array): void }, limit = Infinity): { sent: number; stop(): void } {
  const chunk = new Uint8Array(65_536);
  const state = { sent: 0, stopped: false, stop: () => void (state.stopped = true) };
  const gone = (): void => {
    state.sent += chunk.length;
    if (!state.stopped && state.sent < limit) setImmediate(send);
  };
  const send = (): void => deliver(duplex, chunk, gone);
  send();
  return state;
}

/** Waits until `value` stops changing over many turns: nothing is in motion any more. */
async function settled(value: () => number): Promise<number> {
  for (let last = -1, same = 0; same < 30;) {
    await turns(3);
    await new Promise((resolve) => setTimeout(resolve, 2));
    same = value() === last ? same + 1 : 0;
    last = value();
  }
  return value();
}

describe('reading', () => {
  it('stops at the high-water mark while held, and the sender with it', async () => {
    const [client, server] = await connected({}, { highWaterMark: 131_072 });
    const releases: Release[] = [];
    const reader = new Reader(client, () => void releases.push(hold()));
    const sender = pour(server);
    const stopped = await settled(() => sender.sent);
    expect(client.paused).toBe(true);
    expect(client.heldBytes).toBe(reader.bytes);
    expect(reader.bytes).toBeGreaterThanOrEqual(131_072);
    expect(reader.bytes).toBeLessThan(131_072 + 65_536); // one read beyond the mark at most
    expect(stopped).toBeLessThan(32 * MIB); // what kernels buffer, and no more
    expect(server.bufferedBytes).toBeGreaterThan(0);

    // Just above half: still paused. Below: it goes on.
    while (client.heldBytes > 65_536 + 4096 && releases.length > 1) releases.shift()?.();
    const held = client.heldBytes;
    await settled(() => reader.bytes);
    if (held >= 65_536) expect(client.heldBytes).toBe(held);
    for (const release of releases.splice(0)) release();
    await until(() => reader.bytes > 131_072 + 65_536);
    sender.stop();
    for (;;) {
      await turns();
      if (releases.length === 0) break;
      for (const release of releases.splice(0)) release();
    }
    await settled(() => sender.sent);
    for (const release of releases.splice(0)) release();
    await until(() => client.heldBytes === 0);
    expect(client.paused).toBe(false);
  });

  it('does not stop for a reader that holds nothing', async () => {
    const [client, server] = await connected({}, { highWaterMark: 1 });
    let peak = 0;
    const reader = new Reader(client, () => (peak = Math.max(peak, client.heldBytes)));
    pour(server, 8 * MIB);
    await until(() => reader.bytes === 8 * MIB);
    expect(client.heldBytes).toBe(0);
    expect(client.paused).toBe(false);
    expect(peak).toBeLessThanOrEqual(65_536);
  });

  it('goes on byte by byte with a mark of one', async () => {
    const [client, server] = await connected({}, { highWaterMark: 1 });
    const releases: Release[] = [];
    const reader = new Reader(client, () => void releases.push(hold()));
    for (let i = 1; i <= 5; i++) {
      server.next(new Uint8Array(1));
      await until(() => reader.bytes === i);
      expect(client.paused).toBe(true);
      releases.shift()?.();
      expect(client.paused).toBe(false);
    }
  });
});

describe('writing', () => {
  it('holds the delivery it was called in until the stream has drained', async () => {
    const [client, server] = await connected();
    let gone = 0;
    const chunk = new Uint8Array(4 * MIB);
    for (let i = 0; i < 8; i++) deliver(client, chunk, () => gone++);
    expect(gone).toBeLessThan(8);
    await settled(() => gone);
    const before = gone;
    expect(before).toBeLessThan(8); // nobody reads
    expect(client.bufferedBytes).toBeGreaterThan(0);
    const reader = new Reader(server);
    await until(() => gone === 8);
    await until(() => reader.bytes === 32 * MIB);
    expect(client.bufferedBytes).toBe(0);
  });

  it('holds nothing where the kernel takes all', async () => {
    const [client, server] = await connected();
    new Reader(server);
    let gone = false;
    deliver(client, new Uint8Array(1000), () => (gone = true));
    expect(gone).toBe(true);
    let big = false;
    deliver(client, new Uint8Array(65_536), () => (big = true));
    expect(big).toBe(true); // above the stream's own mark, and yet taken at once
  });

  it('lets go at the end of the stream, where there is no drain', async () => {
    const [client, server] = await connected();
    let gone = 0;
    for (let i = 0; i < 8; i++) deliver(client, new Uint8Array(4 * MIB), () => gone++);
    client.complete();
    expect(gone).toBeLessThan(8);
    const reader = new Reader(server);
    await until(() => reader.ended);
    expect(gone).toBe(8);
  });

  it.each(['error', 'leave', 'reset by the peer'] as const)('lets go on %s', async (how) => {
    const [client, server] = await connected();
    const reader = new Reader(client);
    let gone = 0;
    for (let i = 0; i < 8; i++) deliver(client, new Uint8Array(4 * MIB), () => gone++);
    await turns();
    expect(gone).toBeLessThan(8);
    if (how === 'error') client.error(new Error('enough'));
    else if (how === 'leave') reader.leave();
    else server.error(new Error('enough'));
    await until(() => gone === 8);
  });

  it('keeps few bytes until the turn ends, or until they are flushed', async () => {
    const [client, server] = await connected();
    const chunks: number[] = [];
    new Reader(server, (chunk) => chunks.push(chunk.length));
    client.flush();
    client.next(new Uint8Array(10));
    client.next(new Uint8Array(20));
    expect(client.bufferedBytes).toBe(30);
    client.flush();
    expect(client.bufferedBytes).toBe(0); // the kernel has them
    client.next(new Uint8Array(5));
    expect(client.bufferedBytes).toBe(5);
    await until(() => chunks.reduce((sum, one) => sum + one, 0) === 35);
  });

  it('sends corked bytes together, and holds them too', async () => {
    const [client, server] = await connected();
    const chunks: number[] = [];
    new Reader(server, (chunk) => chunks.push(chunk.length));
    client.cork();
    client.next(new Uint8Array(10));
    client.next(new Uint8Array(20));
    client.cork();
    let gone = false;
    deliver(client, new Uint8Array(40_000), () => (gone = true));
    client.uncork();
    await turns();
    expect([chunks, gone]).toEqual([[], false]);
    client.uncork();
    await until(() => chunks.reduce((sum, one) => sum + one, 0) === 40_030);
    expect(chunks[0]).toBeGreaterThan(30); // not the ten bytes alone
    await until(() => gone);
  });

  it('lets go of corked bytes in the call that has the kernel take all of them, and not before', async () => {
    const [client, server] = await connected();
    let gone = 0;
    client.cork();
    deliver(client, new Uint8Array(40_000), () => gone++);
    expect(gone).toBe(0);
    client.uncork();
    expect([gone, client.bufferedBytes]).toEqual([1, 0]);
    client.cork();
    for (let i = 0; i < 8; i++) deliver(client, new Uint8Array(4 * MIB), () => gone++);
    client.uncork();
    await settled(() => client.bufferedBytes);
    expect([gone, client.bufferedBytes > 0]).toEqual([1, true]); // nobody reads
    const reader = new Reader(server);
    await until(() => reader.bytes === 40_000 + 32 * MIB);
    await until(() => gone === 9);
  });
});

it('a proxy of two subscriptions holds constant memory', async () => {
  const [client, nearProxy] = await connected();
  const [farProxy, origin] = await connected();
  nearProxy.subscribe(farProxy);
  farProxy.subscribe(nearProxy);
  const releases: Release[] = [];
  const reader = new Reader(client, () => void releases.push(hold()));
  const sender = pour(origin);
  await settled(() => sender.sent);
  expect(farProxy.paused).toBe(true); // the origin's bytes are held by the way out to the client
  expect(farProxy.heldBytes).toBeLessThan(131_072 + 65_536);
  expect(nearProxy.bufferedBytes).toBeLessThan(262_144);
  const before = reader.bytes;
  sender.stop();
  origin.complete();
  while (!reader.ended) {
    for (const release of releases.splice(0)) release();
    await turns(1);
  }
  for (const release of releases.splice(0)) release();
  expect(reader.bytes).toBe(sender.sent);
  expect(reader.bytes).toBeGreaterThan(before);
  expect(farProxy.heldBytes).toBe(0);
});

it('does not keep the process when unreferenced', async () => {
  const [client] = await connected();
  new Reader(client);
  const kept = handles().length;
  client.unref();
  expect(handles()).toHaveLength(kept - 1);
  client.ref();
  expect(handles()).toHaveLength(kept);
});

describe('what was sent', () => {
  it('is settled when the kernel has it, and not before', async () => {
    const [client, server] = await connected();
    const releases: Release[] = [];
    const reader = new Reader(client, () => void releases.push(hold()));
    expect(server.settled).toBe(true);
    server.next(new Uint8Array(100)); // waits for the end of the turn
    expect(server.settled).toBe(false);
    await turns(1);
    expect(server.settled).toBe(true);
    server.next(new Uint8Array(64 * MIB)); // more than kernels buffer
    expect(server.settled).toBe(false);
    await settled(() => reader.bytes);
    expect(server.settled).toBe(false);
    while (!server.settled) {
      for (const release of releases.splice(0)) release();
      await turns();
    }
    server.error(new Error('over'));
    expect(server.settled).toBe(false);
    client.error(new Error('over'));
  });

  it('is never said to be settled on streams that pass on what they are given', () => {
    const stream = streamDuplex(new PassThrough({ highWaterMark: MIB }));
    stream.next(new Uint8Array(100_000));
    expect(stream.bufferedBytes).toBe(0);
    expect(stream.settled).toBe(false);
    stream.error(new Error('over'));
  });
});
