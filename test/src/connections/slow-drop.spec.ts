import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { deliver } from '../../../operators/core/deliver.js';
import { SlowDrop } from '../../../src/connections/slow-drop.js';
import { Deadlines } from '../../../src/connections/timeouts.js';

/** What a peer sends is dropped under a test's clock: when each chunk, named by when it came, was released. */
function scene(chunks: readonly number[], until = Infinity): unknown[] {
  const scheduler = new TestScheduler(() => undefined);
  const seen: unknown[] = [];
  const drop = new SlowDrop(new Deadlines(scheduler));
  for (const at of chunks) {
    scheduler.schedule(() => {
      deliver({ next: () => drop.dropped() }, at, () => seen.push([at, scheduler.now()]));
    }, at);
  }
  if (until < Infinity) scheduler.schedule(() => drop.stop(), until);
  scheduler.flush();
  return seen;
}

describe('SlowDrop', () => {
  it('holds what is dropped until twenty milliseconds after the first of it', () => {
    // prettier-ignore
    expect(scene([0, 4, 30])).toEqual([[0, 20], [4, 20], [30, 50]]);
  });

  it('lets go when it is stopped', () => {
    // prettier-ignore
    expect(scene([0, 4], 5)).toEqual([[0, 5], [4, 5]]);
  });

  it('holds nothing outside of a delivery', () => {
    const scheduler = new TestScheduler(() => undefined);
    new SlowDrop(new Deadlines(scheduler)).dropped();
    expect(scheduler.actions).toEqual([]);
  });
});
