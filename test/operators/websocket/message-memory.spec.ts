/** Whose memory a received message lies in: that of the chunk it came in, where nobody else needs it. */
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { DuplexSubject } from '../../../operators/core/duplex-subject.js';
import { WebSocketConnection } from '../../../operators/websocket/connection.js';
import type { WebSocketMessage } from '../../../operators/websocket/message.js';
import { mulberry32 } from '../../support/every-split.js';
import { binary, joined, MASK, maskedWire, more, ping, text, wire } from './frames.js';

const CHUNK = 65_536;

/** What a read brings: memory of its own. */
const own = (bytes: Uint8Array): Buffer => {
  const chunk = Buffer.allocUnsafeSlow(bytes.length);
  chunk.set(bytes);
  return chunk;
};

const payload = (length: number, random: () => number): Uint8Array =>
  Uint8Array.from({ length }, () => Math.floor(random() * 256));

/** Chunks of `size`, and what is left. */
const cut = (bytes: Uint8Array, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => own(bytes.subarray(i * size, (i + 1) * size)));

function receive(role: 'client' | 'server', chunks: readonly Uint8Array[]): WebSocketMessage[] {
  const source = new Subject<Uint8Array>();
  const ignored = { next: () => undefined, error: () => undefined, complete: () => undefined };
  const connection = new WebSocketConnection(new DuplexSubject(source, ignored, undefined), { role, mask: () => MASK });
  const received: WebSocketMessage[] = [];
  connection.messages.subscribe((message) => received.push(message));
  connection.open();
  for (const chunk of chunks) source.next(chunk);
  return received;
}

const memoryOf = (message: WebSocketMessage | undefined): ArrayBufferLike => (message as Uint8Array).buffer;

describe('a server', () => {
  it('puts a message together in the chunk it begins in, and copies no other', () => {
    const messages = [1, 2, 3].map((seed) => payload(CHUNK, mulberry32(seed)));
    const chunks = cut(maskedWire(...messages.map((one) => binary(one))), CHUNK);
    const received = receive('server', chunks);
    expect(received.map((one, i) => Buffer.compare(one as Uint8Array, messages[i] as Uint8Array))).toEqual([0, 0, 0]);
    expect(received.map((one, i) => memoryOf(one) === chunks[i]?.buffer)).toEqual([true, true, true]);
  });

  it('leaves a chunk alone of which somebody has a view', () => {
    const random = mulberry32(4);
    const [first, second] = [payload(300, random), payload(CHUNK - 100, random)];
    const chunks = cut(maskedWire(binary(first), binary(second)), CHUNK);
    const received = receive('server', chunks);
    expect(memoryOf(received[0])).toBe(chunks[0]?.buffer);
    expect(memoryOf(received[1])).not.toBe(chunks[0]?.buffer);
    expect(joined(received as Uint8Array[])).toEqual(joined([first, second]));
  });

  it('leaves it alone too where that message began behind the end of the chunk before', () => {
    const random = mulberry32(5);
    const [first, second] = [payload(1000, random), payload(1000, random)];
    const bytes = maskedWire(binary(first), binary(second));
    const header = 8; // of either
    const chunks = [bytes.subarray(0, header), bytes.subarray(header, 1500), bytes.subarray(1500)].map(own);
    const received = receive('server', chunks);
    expect(joined(received as Uint8Array[])).toEqual(joined([first, second]));
    expect(memoryOf(received[1])).not.toBe(chunks[1]?.buffer);
  });

  it('does not keep memory alive that is more than twice as large', () => {
    const random = mulberry32(6);
    const bytes = maskedWire(binary(payload(1200, random)), binary(payload(1000, random)));
    const [first, last] = [own(bytes.subarray(0, 700)), own(bytes.subarray(2000))];
    const between = bytes.subarray(700, 2000);
    const alone = own(between);
    expect(memoryOf(receive('server', [first, alone, last])[1])).toBe(alone.buffer);
    const pool = Buffer.allocUnsafeSlow(2001);
    pool.set(between);
    const received = receive('server', [own(bytes.subarray(0, 700)), pool.subarray(0, between.length), last]);
    expect(received).toHaveLength(2);
    expect(memoryOf(received[1])).not.toBe(pool.buffer);
  });

  it('gives every message whole, and does not touch one that was given: 40 random rows', () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = mulberry32(seed);
      const frames = [];
      const sent: Uint8Array[] = [];
      for (let i = 0; i < 30; i++) {
        const length = Math.floor(random() ** 3 * 6000);
        const bytes = payload(length, random);
        sent.push(bytes);
        const at = Math.floor(random() * length);
        if (random() < 0.2) frames.push(binary(bytes.subarray(0, at), false), more(bytes.subarray(at), true));
        else frames.push(binary(bytes));
        if (random() < 0.2) frames.push(ping('p'));
      }
      const received = receive('server', cut(maskedWire(...frames), 1000 + Math.floor(random() * 4000)));
      expect(received.length, `seed ${seed}`).toBe(sent.length);
      const wrong = sent.findIndex((one, i) => Buffer.compare(one, received[i] as Uint8Array) !== 0);
      expect(wrong, `seed ${seed}`).toBe(-1);
    }
  });

  it('reads text from it', () => {
    const words = ['ä'.repeat(1500), 'b'.repeat(3000)];
    expect(receive('server', cut(maskedWire(...words.map((one) => text(one))), 3200))).toEqual(words);
  });
});

it('a client does not write to what it was sent', () => {
  const messages = [7, 8].map((seed) => payload(CHUNK, mulberry32(seed)));
  const bytes = wire(...messages.map((one) => binary(one)));
  const chunks = cut(bytes, CHUNK);
  const received = receive('client', chunks);
  expect(joined(received as Uint8Array[])).toEqual(joined(messages));
  expect(joined(chunks)).toEqual(bytes);
});
