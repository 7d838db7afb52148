import type { SchedulerLike } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { BodyClock, type BodyLimits } from '../../../src/connections/body-clock.js';
import { RateCredit } from '../../../src/connections/rate-credit.js';
import { SendClock } from '../../../src/connections/send-clock.js';
import { resolveServerTimeouts } from '../../../src/connections/server-timeouts.js';
import { Deadlines } from '../../../src/connections/timeouts.js';

describe('RateCredit', () => {
  it('runs down with time, and bytes add their worth', () => {
    const credit = new RateCredit(100, 1000, 0, 0);
    expect(credit.check(0, 999)).toBe(true);
    expect(credit.check(0, 1000)).toBe(false);
    const fed = new RateCredit(100, 1000, 50, 10);
    expect(fed.check(150, 1010)).toBe(true); // 1000 - 1000 + 100 bytes at 10 ms
    expect(fed.left).toBe(1000);
  });

  it('keeps 300 s at most', () => {
    const credit = new RateCredit(1, 10, 0, 0);
    expect(credit.check(1_000_000, 0)).toBe(true);
    expect(credit.left).toBe(300_000);
  });
});

describe('BodyClock', () => {
  interface Setting {
    readonly clock: BodyClock;
    readonly expired: [string, number][];
    readonly receive: (bytes: number) => void;
    readonly at: (milliseconds: number, work: () => void) => void;
  }

  function inTime(limits: Partial<BodyLimits>, run: (setting: Setting) => void): [string, number][] {
    const scheduler = new TestScheduler(() => undefined);
    const expired: [string, number][] = [];
    scheduler.run(({ flush }) => {
      let received = 0;
      const clock = new BodyClock(
        new Deadlines(scheduler),
        { request: 1000, rate: 100, minRate: 10, ...limits },
        () => received,
        (phase) => expired.push([phase, scheduler.now()]),
      );
      run({
        clock,
        expired,
        receive: (bytes) => (received += bytes),
        at: (milliseconds, work) => void scheduler.schedule(work, milliseconds),
      });
      flush();
    });
    return expired;
  }

  it('nothing comes: the rate, after its grace', () => {
    expect(inTime({}, ({ clock }) => clock.start())).toEqual([['rate', 100]]);
  });

  it('fast enough: all of it in its time', () => {
    expect(
      inTime({}, ({ clock, receive }) => {
        clock.start();
        receive(1_000_000);
      }),
    ).toEqual([['request', 1000]]);
  });

  it('no rate: only the whole', () => {
    expect(inTime({ minRate: 0 }, ({ clock }) => clock.start())).toEqual([['request', 1000]]);
    expect(inTime({ rate: Infinity }, ({ clock }) => clock.start())).toEqual([['request', 1000]]);
    expect(inTime({ minRate: 0, request: Infinity }, ({ clock }) => clock.start())).toEqual([]);
  });

  it('stands still while held, however often', () => {
    expect(
      inTime({}, ({ clock, at }) => {
        clock.start();
        at(10, () => clock.held(true)); // 10 have passed
        at(500, () => clock.held(false));
        at(520, () => clock.held(true)); // 30
        at(530, () => clock.held(true));
        at(5000, () => clock.held(false));
      }),
    ).toEqual([['rate', 5070]]);
  });

  it('held at its end and let go after: the rest still counts', () => {
    expect(
      inTime({ minRate: 0 }, ({ clock, at }) => {
        clock.start();
        at(990, () => clock.held(true));
        at(2000, () => clock.held(false));
      }),
    ).toEqual([['request', 2010]]);
  });

  it('the next body starts anew; stopped, it is quiet', () => {
    expect(
      inTime({}, ({ clock, at }) => {
        clock.start();
        at(90, () => clock.start());
        at(180, () => clock.stop());
        at(200, () => clock.start());
        at(210, () => clock.held(true));
        at(400, () => clock.stop());
      }),
    ).toEqual([]);
  });
});

describe('SendClock', () => {
  it('what went before counts, what does not move is cut', () => {
    const scheduler = new TestScheduler(() => undefined);
    scheduler.run(({ flush }) => {
      let sent = 3;
      const expired: number[] = [];
      const clock = new SendClock(
        new Deadlines(scheduler),
        10,
        100,
        () => sent,
        () => expired.push(scheduler.now()),
      );
      clock.start();
      scheduler.schedule(() => clock.start(), 50); // runs already
      scheduler.schedule(() => (sent += 2), 350);
      flush();
      expect(expired).toEqual([600]); // 100 + 5 bytes at 100 ms
      clock.stop();
      clock.start();
      scheduler.schedule(() => clock.stop(), 99);
      flush();
      expect(expired).toEqual([600]);
    });
  });
});

describe('resolveServerTimeouts', () => {
  it('0 is none, and what a timer cannot wait for neither', () => {
    expect(resolveServerTimeouts({ head: 0, idle: 1e12, setup: 5, linger: undefined })).toMatchObject({
      head: Infinity,
      idle: Infinity,
      setup: 5,
      linger: 2000,
    });
  });
});

describe('Deadlines', () => {
  it('waits in steps for what no timer of Node can wait for', () => {
    const scheduler = new TestScheduler(() => undefined);
    scheduler.run(({ flush }) => {
      const waits: number[] = [];
      const watched = {
        now: () => scheduler.now(),
        schedule: (work: () => void, delay: number) => {
          waits.push(delay);
          return scheduler.schedule(work, delay);
        },
      } as SchedulerLike;
      let expired = 0;
      new Deadlines(watched).create(() => (expired = scheduler.now())).arm(5_000_000_000);
      flush();
      expect(expired).toBe(5_000_000_000);
      expect(waits).toEqual([2_147_483_647, 2_147_483_647, 705_032_706]);
    });
  });
});
