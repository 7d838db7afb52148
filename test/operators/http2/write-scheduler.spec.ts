import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { turnBytes, WriteScheduler } from '../../../operators/http2/write-scheduler.js';
import { thrown } from './frames.js';

const byNumber = (a: number, b: number): number => a - b;
const turns = (scheduler: WriteScheduler, count: number): number[] =>
  Array.from({ length: count }, () => scheduler.next());
const withReady = (...ids: number[]): WriteScheduler => {
  const scheduler = new WriteScheduler();
  for (const id of ids) {
    scheduler.add(id);
    scheduler.ready(id);
  }
  return scheduler;
};

describe('WriteScheduler', () => {
  it('takes turns', () => {
    const scheduler = withReady(1, 3, 5);
    expect(turns(scheduler, 7)).toEqual([1, 3, 5, 1, 3, 5, 1]);
    scheduler.blocked(3);
    expect(turns(scheduler, 4)).toEqual([5, 1, 5, 1]);
    scheduler.ready(3);
    scheduler.ready(3);
    expect(turns(scheduler, 3)).toEqual([5, 1, 3]);
    scheduler.remove(1);
    scheduler.remove(5);
    scheduler.remove(5);
    expect([scheduler.size, ...turns(scheduler, 2)]).toEqual([1, 3, 3]);
    scheduler.blocked(3);
    expect(scheduler.next()).toBe(0);
  });

  it('a lower urgency goes first, live', () => {
    const scheduler = withReady(1, 3, 5);
    scheduler.reprioritize(5, { urgency: 0, incremental: true });
    expect(turns(scheduler, 2)).toEqual([5, 5]);
    scheduler.reprioritize(5, { urgency: 7, incremental: true });
    expect(turns(scheduler, 3)).toEqual([1, 3, 1]);
    scheduler.blocked(1);
    scheduler.blocked(3);
    expect(turns(scheduler, 2)).toEqual([5, 5]);
    scheduler.reprioritize(99, { urgency: 0, incremental: true });
    scheduler.ready(99);
    expect(scheduler.size).toBe(1);
  });

  it('those that are not incremental share one turn, the lowest first until it is done', () => {
    const scheduler = withReady(2);
    for (const id of [7, 3, 5]) {
      scheduler.add(id, { urgency: 3, incremental: false });
      scheduler.ready(id);
    }
    expect(turns(scheduler, 4)).toEqual([2, 3, 2, 3]);
    scheduler.remove(3);
    expect(turns(scheduler, 4)).toEqual([2, 5, 2, 5]);
    scheduler.add(7, { urgency: 3, incremental: true });
    expect(turns(scheduler, 3).sort(byNumber)).toEqual([2, 5, 7]);
    scheduler.remove(5);
    expect(turns(scheduler, 4).sort(byNumber)).toEqual([2, 2, 7, 7]);
  });

  it('refuses an urgency that is none', () => {
    const scheduler = withReady(1);
    expect(thrown(() => scheduler.add(3, { urgency: 8, incremental: false }))).toBe('usage INVALID_PRIORITY');
    expect(thrown(() => scheduler.reprioritize(1, { urgency: -1, incremental: false }))).toBe('usage INVALID_PRIORITY');
  });

  const command = fc.tuple(
    fc.constantFrom('add', 'ready', 'blocked', 'remove', 'again'),
    fc.integer({ min: 1, max: 8 }),
    fc.nat(7),
    fc.boolean(),
  );
  test.prop([fc.array(command, { maxLength: 60 })])(
    'as a naive list says: only ready ones, most urgent, no one starved',
    (commands) => {
      const scheduler = new WriteScheduler();
      const known = new Map<number, { urgency: number; serial: boolean; ready: boolean }>();
      for (const [what, id, urgency, incremental] of commands) {
        const entry = known.get(id);
        if (what === 'add' || what === 'again') {
          if (what === 'add') scheduler.add(id, { urgency, incremental });
          else scheduler.reprioritize(id, { urgency, incremental });
          if (entry) Object.assign(entry, { urgency, serial: !incremental });
          else if (what === 'add') known.set(id, { urgency, serial: !incremental, ready: false });
        } else {
          scheduler[what](id);
          if (what === 'remove') known.delete(id);
          else if (entry) entry.ready = what === 'ready';
        }
      }
      const ready = [...known].filter(([, entry]) => entry.ready);
      const first = Math.min(...ready.map(([, entry]) => entry.urgency));
      const level = ready.filter(([, entry]) => entry.urgency === first);
      const serial = level.filter(([, entry]) => entry.serial).map(([id]) => id);
      const expected = level.filter(([, entry]) => !entry.serial).map(([id]) => id);
      if (serial.length > 0) expected.push(Math.min(...serial));
      expect(scheduler.size).toBe(ready.length);
      if (ready.length === 0) expect(scheduler.next()).toBe(0);
      else
        for (let round = 0; round < 2; round++)
          expect(turns(scheduler, expected.length).sort(byNumber)).toEqual(expected.sort(byNumber));
    },
  );
});

it('a turn is bounded by both windows and the frame size', () => {
  expect([turnBytes(9, 8, 7, 6), turnBytes(9, 8, 7, 60), turnBytes(9, 8, 70, 60), turnBytes(9, 80, 70, 60)]).toEqual([
    6, 7, 8, 9,
  ]);
  expect([turnBytes(9, -3, 7, 6), turnBytes(9, 1, 0, 6)]).toEqual([0, 0]);
});
