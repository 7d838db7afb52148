import { describe, expect, it } from 'vitest';
import { AbuseLimits, isOddPriority, isOddWindowUpdate, TokenBucket } from '../../../operators/http2/abuse-limits.js';
import { thrown } from './frames.js';

/** How often `work` goes well, up to `most`, and what it says then. */
function until(work: () => unknown, most = 5000): [number, string] {
  for (let count = 0; count < most; count++) {
    const said = thrown(work);
    if (said !== 'nothing') return [count, said];
  }
  return [most, 'nothing'];
}

describe('TokenBucket', () => {
  it('a burst, then by time, never above the burst', () => {
    const bucket = new TokenBucket({ burst: 3, perSecond: 2 }, 1000);
    expect([1, 2, 3, 4].map(() => bucket.take(1000))).toEqual([true, true, true, false]);
    expect([bucket.take(1499), bucket.take(1500), bucket.take(1500)]).toEqual([false, true, false]);
    expect([bucket.available(900), bucket.available(1_000_000)]).toEqual([0, 3]);
    expect([bucket.take(1_000_000, 4), bucket.take(1_000_000, 3)]).toEqual([false, true]);
    expect(thrown(() => new TokenBucket({ burst: -1, perSecond: NaN }))).toBe('usage INVALID_LIMIT');
  });
});

describe('AbuseLimits', () => {
  it('C1, C2: 200 resets at once, then 20 a second', () => {
    const limits = new AbuseLimits();
    expect(until(() => limits.reset(0))).toEqual([200, 'connection ENHANCE_YOUR_CALM 11 maxResets']);
    expect(until(() => limits.reset(1000))[0]).toBe(20);
    expect(limits.resets).toBe(222);
  });

  it('1000 glitches at once, then 100 a second', () => {
    const limits = new AbuseLimits({ now: 5 });
    expect(until(() => limits.glitch(5))).toEqual([1000, 'connection ENHANCE_YOUR_CALM 11 maxGlitches']);
    expect(until(() => limits.glitch(505))[0]).toBe(50);
    expect(limits.glitches).toBe(1052);
  });

  it('C10: the third empty frame in a row is a glitch, 1000 of those the end', () => {
    const limits = new AbuseLimits();
    const empty = (): boolean => limits.carried(true, 0);
    expect([empty(), empty(), empty()]).toEqual([false, false, true]);
    expect([limits.carried(false, 0), empty(), empty(), empty()]).toEqual([false, false, false, true]);
    expect(until(empty)).toEqual([998, 'connection ENHANCE_YOUR_CALM 11 maxGlitches']);
  });

  it('budgets are options', () => {
    const limits = new AbuseLimits({ resets: { burst: 1, perSecond: 0 }, glitches: { burst: 0, perSecond: 0 } });
    expect([until(() => limits.reset(1e9))[0], until(() => limits.glitch(1e9))[0]]).toEqual([1, 0]);
  });
});

it('C13: formulas for PRIORITY and WINDOW_UPDATE, to the frame', () => {
  expect([isOddPriority(100, 0), isOddPriority(101, 0), isOddPriority(300, 2), isOddPriority(301, 2)]).toEqual([
    false,
    true,
    false,
    true,
  ]);
  expect([
    isOddWindowUpdate(5, 0, 0),
    isOddWindowUpdate(6, 0, 0),
    isOddWindowUpdate(27, 1, 1),
    isOddWindowUpdate(28, 1, 1),
  ]).toEqual([false, true, false, true]);
});
