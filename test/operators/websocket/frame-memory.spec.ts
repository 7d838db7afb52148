import { describe, expect, it } from 'vitest';
import { giveFrameMemory, spareFrameMemory, takeFrameMemory } from '../../../operators/websocket/frame-memory.js';

const MiB = 1_048_576;

describe('memory for frames', () => {
  it('is used again where it fits, and is nobody else then', () => {
    const first = takeFrameMemory(100_000);
    expect(first.length).toBe(100_000);
    giveFrameMemory(first);
    expect(takeFrameMemory(100_001)).not.toBe(first); // too short
    expect(takeFrameMemory(49_999)).not.toBe(first); // more than twice as long
    expect(takeFrameMemory(50_000)).toBe(first);
    expect(takeFrameMemory(50_000)).not.toBe(first);
  });

  it('is bounded: the oldest goes first, and what is larger than the bound is not kept', () => {
    giveFrameMemory(Buffer.alloc(4 * MiB + 1));
    const oldest = Buffer.alloc(MiB);
    giveFrameMemory(oldest);
    const kept = [1, 2, 3, 4].map(() => Buffer.alloc(MiB));
    for (const buffer of kept) giveFrameMemory(buffer);
    expect(spareFrameMemory()).toBe(4 * MiB);
    const taken = kept.map(() => takeFrameMemory(MiB));
    expect(new Set(taken)).toEqual(new Set(kept));
    expect(spareFrameMemory()).toBe(0);
  });

  it('of different lengths is found wherever it lies', () => {
    const lengths = [70_000, 300_000, 20_000, 150_000];
    const buffers = lengths.map((length) => Buffer.alloc(length));
    for (const buffer of buffers) giveFrameMemory(buffer);
    for (const [i, length] of lengths.entries()) expect(takeFrameMemory(length)).toBe(buffers[i]);
    expect(spareFrameMemory()).toBe(0);
  });
});
