import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as LargeBuffer from '../../../operators/core/large-buffer.js';

const SIGN = 31 * 1_048_576;

describe('a large buffer', () => {
  let largeBuffer: typeof LargeBuffer.largeBuffer;

  beforeEach(async () => {
    vi.resetModules(); // each test has the first one of its process
    ({ largeBuffer } = await import('../../../operators/core/large-buffer.js'));
  });
  afterEach(() => vi.restoreAllMocks());

  it.each([0, 1, 32_767, 32_768, 65_536, 1_048_576])('of %i bytes has memory of its own, as long as it', (length) => {
    const [one, other] = [largeBuffer(length), largeBuffer(length)];
    for (const buffer of [one, other]) {
      expect(buffer.length).toBe(length);
      expect(buffer.byteOffset).toBe(0);
      expect(buffer.buffer.byteLength).toBe(length);
    }
    expect(one.buffer).not.toBe(other.buffer);
  });

  it('comes with the block that is a sign to the allocator if it is the first, and only then', () => {
    const made = vi.spyOn(Buffer, 'allocUnsafeSlow');
    largeBuffer(32_767);
    largeBuffer(32_768);
    largeBuffer(65_536);
    expect(made.mock.calls.map(([length]) => length)).toEqual([32_767, SIGN, 32_768, 65_536]);
  });

  it('comes without it where there is no room for such a block', () => {
    const make = Buffer.allocUnsafeSlow.bind(Buffer);
    vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation((length) => {
      if (length >= SIGN) throw new RangeError('Array buffer allocation failed');
      return make(length);
    });
    expect(largeBuffer(65_536).length).toBe(65_536);
  });

  it('comes with a block that takes no memory, for nobody touches it', () => {
    const before = process.memoryUsage.rss();
    largeBuffer(65_536);
    expect(process.memoryUsage.rss() - before).toBeLessThan(SIGN / 2);
  });
});
