import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { deliver } from '../../../operators/core/deliver.js';
import { SlowDrop } from '../../../src/connections/slow-drop.js';
import { Deadlines } from '../../../src/connections/timeouts.js';

/** What a peer sends is dropped under a test's clock: when each chunk was released, and when it was too much. */
function scene(chunks: readonly (readonly [at: number, bytes: number])[], until = Infinity): unknown[] {
  const scheduler = new TestScheduler(() => undefined);
  const seen: unknown[] = [];
  const connection = { received: 5000 };
  const drop = new SlowDrop(new Deadlines(scheduler), connection, () => seen.push(['enough', scheduler.now()]));
  for (const [at, bytes] of chunks) {
    scheduler.schedule(() => {
      const next = (): void => {
        connection.received += bytes;
        drop.dropped();
      };
      deliver({ next }, at, () => seen.push([at, scheduler.now()]));
    }, at);
  }
  if (until < Infinity) scheduler.schedule(() => drop.stop(), until);
  scheduler.flush();
  return seen;
}

describe('SlowDrop', () => {
  it('holds what is dropped until ten milliseconds after the first of it', () => {
    // prettier-ignore
    expect(scene([[0, 10], [4, 10], [30, 10]])).toEqual([[0, 10], [4, 10], [30, 40]]);
  });

  it('lets go when it is stopped', () => {
    // prettier-ignore
    expect(scene([[0, 10], [4, 10]], 5)).toEqual([[0, 5], [4, 5]]);
  });

  it('has enough after 256 KiB, of which the first chunk is the beginning', () => {
    // prettier-ignore
    expect(scene([[0, 1000], [20, 262_144], [40, 1]])).toEqual([[0, 10], [20, 30], ['enough', 40], [40, 40]]);
  });

  it('holds nothing outside of a delivery', () => {
    const scheduler = new TestScheduler(() => undefined);
    new SlowDrop(new Deadlines(scheduler), { received: 0 }, () => undefined).dropped();
    expect(scheduler.actions).toEqual([]);
  });
});
