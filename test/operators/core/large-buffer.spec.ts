import { describe, expect, it } from 'vitest';
import { largeBuffer } from '../../../operators/core/large-buffer.js';

describe('a large buffer', () => {
  it.each([0, 1, 32_767, 32_768, 65_536, 1_048_576])('of %i bytes has memory of its own, as long as it', (length) => {
    const [one, other] = [largeBuffer(length), largeBuffer(length)];
    for (const buffer of [one, other]) {
      expect(buffer.length).toBe(length);
      expect(buffer.byteOffset).toBe(0);
      expect(buffer.buffer.byteLength).toBe(length);
    }
    expect(one.buffer).not.toBe(other.buffer);
  });

  it('keeps no more of the process in memory than was asked for', () => {
    const before = process.memoryUsage.rss();
    largeBuffer(65_536);
    expect(process.memoryUsage.rss() - before).toBeLessThan(16_777_216);
  });
});
