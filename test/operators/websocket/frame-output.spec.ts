/** Whose memory a large masked frame lies in, and when it is used again. */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { hold, type Release } from '../../../operators/core/deliver.js';
import { WebSocketConnection } from '../../../operators/websocket/connection.js';
import { WebSocketDecoder } from '../../../operators/websocket/decoder.js';
import { spareFrameMemory, takeFrameMemory } from '../../../operators/websocket/frame-memory.js';
import { WebSocketOutput } from '../../../operators/websocket/frame-output.js';
import { MessageAssembler } from '../../../operators/websocket/message-assembler.js';
import { connectTcp } from '../../../src/sockets/tcp.js';
import { mulberry32 } from '../../support/every-split.js';
import { MASK } from './frames.js';

const BINARY = 0x82;
const SIZE = 65_536;

/** Takes what is spare, so that each test begins with none. */
function empty(): void {
  while (spareFrameMemory() > 0) for (let size = 8192; size <= 4_194_304; size *= 2) takeFrameMemory(size);
}

class Sink {
  settled: boolean | undefined = undefined;
  backedUp = false;
  readonly written: Uint8Array[] = [];
  readonly #releases: Release[] = [];

  next(bytes: Uint8Array): void {
    this.written.push(bytes);
    if (this.backedUp) this.#releases.push(hold());
  }

  cork(): void {}

  uncork(): void {}

  drain(): void {
    for (const release of this.#releases.splice(0)) release();
  }
}

function open(): { readonly sink: Sink; readonly output: WebSocketOutput; readonly send: () => void } {
  empty();
  const sink = new Sink();
  const output = new WebSocketOutput(
    sink,
    () => MASK,
    () => undefined,
  );
  const send = (): void => {
    output.binary(BINARY, new Uint8Array(SIZE));
    output.flush();
  };
  return { sink, output, send };
}

describe('a large masked frame', () => {
  it('lies in the memory of the one before, once that has left', () => {
    const { sink, send } = open();
    sink.settled = true;
    send();
    send();
    expect(sink.written[1]?.buffer).toBe(sink.written[0]?.buffer);
  });

  it.each([undefined, false])('does not where that is not known: settled is %s', (settled) => {
    const { sink, send } = open();
    sink.settled = settled;
    send();
    send();
    expect(sink.written[1]?.buffer).not.toBe(sink.written[0]?.buffer);
    expect(spareFrameMemory()).toBe(0);
  });

  it('does not while the one before is held, and does when that was let go', () => {
    const { sink, send } = open();
    sink.backedUp = sink.settled = true;
    send();
    send();
    expect(sink.written[1]?.buffer).not.toBe(sink.written[0]?.buffer);
    expect(spareFrameMemory()).toBe(0);
    sink.drain();
    expect(spareFrameMemory()).toBe(2 * (SIZE + 14));
  });

  it('does not beside others that are queued: all of them have memory of their own', () => {
    const { sink, output } = open();
    sink.settled = true;
    for (let i = 0; i < 3; i++) output.binary(BINARY, new Uint8Array(SIZE));
    output.flush();
    expect(new Set(sink.written.map(({ buffer }) => buffer)).size).toBe(3);
    expect(spareFrameMemory()).toBe(3 * (SIZE + 14));
  });

  it('is left to the collector where the connection ends before it has left', () => {
    const { sink, output, send } = open();
    sink.backedUp = sink.settled = true;
    send();
    output.drop();
    sink.drain();
    expect(spareFrameMemory()).toBe(0);
  });
});

describe('large messages of a client over a real socket', () => {
  it('arrive as they were sent, to a peer that stops reading again and again', { timeout: 30_000 }, async () => {
    empty();
    const random = mulberry32(5);
    const lengths = Array.from({ length: 60 }, (_, i) =>
      i % 10 === 0 ? 700_000 : 8200 + Math.floor(random() * 120_000),
    );
    const received: Uint8Array[] = [];
    const server = createServer((socket) => read(socket, received));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const socket = await firstValueFrom(connectTcp({ host: '127.0.0.1', port }));
    const client = new WebSocketConnection(socket, { role: 'client', mask: () => Math.floor(random() * 2 ** 32) | 0 });
    client.messages.subscribe({ error: () => undefined });
    client.open();
    for (const [i, length] of lengths.entries()) {
      client.send(Buffer.alloc(length, i));
      if (i % 4 === 0) await new Promise((resolve) => setImmediate(resolve)); // some leave at once, some do not
    }
    while (received.length < lengths.length) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(spareFrameMemory()).toBeGreaterThan(0);
    for (const [i, length] of lengths.entries()) {
      expect(Buffer.compare(received[i] as Uint8Array, Buffer.alloc(length, i))).toBe(0);
    }
    client.abort();
    await new Promise((resolve) => server.close(resolve));
  });
});

/** Unmasks what comes, with pauses. */
function read(socket: Socket, received: Uint8Array[]): void {
  const decoder = new WebSocketDecoder({ role: 'server' });
  const assembler = new MessageAssembler();
  let chunks = 0;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    decoder.push(chunk);
    while (decoder.read()) {
      const { first, last, bytes, start, end, length } = decoder;
      if (first) assembler.begin(false);
      assembler.add(bytes, start, end, length);
      if (last) received.push(assembler.end() as Uint8Array);
    }
    if (++chunks % 7 !== 0) return;
    socket.pause();
    setTimeout(() => socket.resume(), 2);
  });
}
