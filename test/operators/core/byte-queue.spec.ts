import { describe, expect, it } from 'vitest';
import { ByteQueue } from '../../../operators/core/byte-queue.js';
import { mulberry32 } from '../../support/every-split.js';

const bytes = (from: number, to: number): Uint8Array => Uint8Array.from({ length: to - from }, (_, i) => from + i);

function queueOf(...chunks: Uint8Array[]): ByteQueue {
  const queue = new ByteQueue();
  for (const chunk of chunks) queue.push(chunk);
  return queue;
}

describe('what is taken', () => {
  it('is empty when there is nothing', () => {
    const queue = new ByteQueue();
    expect(queue.length).toBe(0);
    expect(queue.take(5)).toHaveLength(0);
    expect(queue.takeAll()).toHaveLength(0);
    expect(queue.skip(5)).toBe(0);
    expect(queue.peek()).toBe(-1);
  });

  it('is a view where it lies within one chunk', () => {
    const chunk = new Uint8Array(1000).fill(7);
    const queue = queueOf(chunk, new Uint8Array(1000));
    for (const count of [1, 499, 500]) expect(queue.take(count).buffer).toBe(chunk.buffer);
    expect(queue.length).toBe(1000);
  });

  it('is copied across borders', () => {
    const chunks = [new Uint8Array(300).fill(1), new Uint8Array(300).fill(2), new Uint8Array(300).fill(3)];
    const queue = queueOf(...chunks);
    queue.skip(299);
    const taken = queue.take(302);
    expect([taken[0], taken[1], taken[300], taken[301]]).toEqual([1, 2, 2, 3]);
    expect(chunks.some(({ buffer }) => buffer === taken.buffer)).toBe(false);
    expect(queue.length).toBe(299);
  });

  it('is what there is when more is asked for', () => {
    const queue = queueOf(bytes(0, 3));
    expect(queue.take(10)).toEqual(bytes(0, 3));
    expect(queue.length).toBe(0);
  });

  it('is everything, by takeAll', () => {
    expect(queueOf(bytes(0, 3), bytes(3, 5)).takeAll()).toEqual(bytes(0, 5));
  });
});

it('peeks anywhere without removing', () => {
  const queue = queueOf(new Uint8Array(300).fill(1), bytes(2, 5));
  queue.skip(1);
  expect([0, 298, 299, 301, 302].map((at) => queue.peek(at))).toEqual([1, 1, 2, 4, -1]);
  expect(queue.length).toBe(302);
});

it('joins tiny chunks: 100 000 of one byte are few buffers', () => {
  const queue = new ByteQueue();
  for (let i = 0; i < 100_000; i++) queue.push(Uint8Array.of(i));
  const buffers = new Set<unknown>();
  for (let i = 0; i < 100_000; i++) {
    const one = queue.take(1);
    expect(one[0]).toBe(i & 255);
    buffers.add(one.buffer);
  }
  expect(buffers.size).toBeLessThan(30);
});

it('does not alter what was taken when more tiny chunks come', () => {
  const queue = queueOf(bytes(0, 3), bytes(3, 6));
  const taken = queue.take(4);
  queue.push(bytes(6, 9));
  expect(taken).toEqual(bytes(0, 4));
  expect(queue.takeAll()).toEqual(bytes(4, 9));
});

it.each([1, 2, 3, 4, 5])('agrees with one array of bytes under random use, seed %i', (seed) => {
  const random = mulberry32(seed);
  const queue = new ByteQueue();
  let model: number[] = [];
  let next = 0;
  for (let step = 0; step < 3000; step++) {
    const size = Math.floor(random() * (random() < 0.2 ? 6000 : 40));
    if (random() < 0.5) {
      const chunk = Uint8Array.from({ length: size }, () => next++);
      queue.push(chunk);
      model.push(...chunk);
    } else if (random() < 0.7) {
      expect([...queue.take(size)]).toEqual(model.slice(0, size));
      model = model.slice(size);
    } else {
      expect(queue.skip(size)).toBe(Math.min(size, model.length));
      model = model.slice(size);
    }
    expect(queue.length).toBe(model.length);
    expect(queue.peek(size)).toBe(model[size] ?? -1);
  }
  expect([...queue.takeAll()]).toEqual(model);
});
