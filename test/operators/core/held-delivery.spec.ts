import {
  delay,
  filter,
  interval,
  map,
  merge,
  mergeMap,
  of,
  retry,
  share,
  switchMap,
  take,
  timer,
  toArray,
  type Observable,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver, hold } from '../../../operators/core/deliver.js';
import { fromReadable } from '../../../operators/core/from-readable.js';
import { holdMap } from '../../../operators/core/hold-map.js';
import { iterate } from '../../../operators/core/iterate.js';
import { operate } from '../../../operators/core/operate.js';
import { toReadableStream } from '../../../operators/core/to-readable-stream.js';
import { toReadable } from '../../../operators/core/to-readable.js';
import { UnicastSubject } from '../../../operators/core/unicast-subject.js';
import { runMarbles } from '../../support/marbles.js';
import { creditSource, type CreditSource, type CreditSourceConfig } from './credit-source.js';

const WINDOW = 8000;

interface Outcome {
  readonly credit: CreditSource;
  readonly values: unknown[];
  readonly ended: string;
  /** The virtual time it took. */
  readonly time: number;
}

/** Runs a pipeline over a credit source in virtual time to its end, and checks the books. */
function run(
  pipeline: (bytes: Observable<Uint8Array>) => Observable<unknown>,
  config: CreditSourceConfig = {},
): Outcome {
  const credit = creditSource({ window: WINDOW, ...config });
  const values: unknown[] = [];
  let ended = 'never';
  let time = 0;
  runMarbles(({ scheduler, flush }) => {
    scheduler.schedule(() =>
      pipeline(credit.bytes).subscribe({
        next: (value) => values.push(value),
        error: (error: Error) => (ended = error.message),
        complete: () => (ended = 'completed'),
      }),
    );
    flush();
    time = scheduler.now();
  });
  expect(credit.peak).toBeLessThanOrEqual(WINDOW);
  expect(credit.unreturned).toBe(0);
  return { credit, values, ended, time };
}

/** One to three milliseconds of work per chunk. */
const slowly = (chunk: Uint8Array): Observable<number> =>
  timer(1 + ((chunk[0] as number) % 3)).pipe(map(() => chunk.length));
const work = <T>(value: T): Observable<T> => of(value).pipe(delay(2));

/** A plain operator that knows nothing of credit. */
const split = (parts: number) =>
  operate<Uint8Array, Uint8Array>((subscriber) => ({
    next(chunk) {
      const size = chunk.length / parts;
      for (let i = 0; i < parts && !subscriber.closed; i++) subscriber.next(chunk.subarray(i * size, (i + 1) * size));
    },
  }));

describe('the peak never passes the window, and all credit comes back', () => {
  it('nobody holds: a chunk is consumed when next() returns', () => {
    const { credit, values, time } = run((bytes) => bytes);
    expect(credit.peak).toBe(1000);
    expect(values).toHaveLength(200);
    expect(time).toBe(0);
  });

  it('holdMap', () => {
    const { credit, values, ended, time } = run((bytes) => bytes.pipe(holdMap(slowly)));
    expect(credit.peak).toBe(WINDOW);
    expect(values).toHaveLength(200);
    expect(ended).toBe('completed');
    expect(time).toBe(Array.from({ length: 200 }, (_, i) => 1 + (i % 3)).reduce((sum, ms) => sum + ms));
  });

  it.each([1, 2, 4, 8, 100])('holdMap, %i at a time', (concurrent) => {
    const { values } = run((bytes) => bytes.pipe(holdMap(slowly, { concurrent })));
    expect(values).toHaveLength(200);
  });

  it('map, filter', () => {
    const { credit, values } = run((bytes) =>
      bytes.pipe(
        map((chunk) => chunk.subarray(0, 10)),
        filter((chunk) => (chunk[0] as number) % 2 === 0),
        holdMap(slowly),
      ),
    );
    expect(credit.peak).toBe(WINDOW);
    expect(values).toHaveLength(100);
  });

  it.each([
    ['switchMap', switchMap],
    ['mergeMap', mergeMap],
  ])('%s to an inner body', (_name, flatten) => {
    const credit = creditSource({ window: WINDOW });
    let received = 0;
    runMarbles(({ flush }) => {
      of({ body: credit.bytes })
        .pipe(
          delay(1),
          flatten((response) => response.body),
          holdMap(slowly),
        )
        .subscribe((length) => (received += length));
      flush();
    });
    expect(received).toBe(200_000);
    expect(credit).toMatchObject({ peak: WINDOW, unreturned: 0 });
  });

  it('a 1 to 10 splitter: a chunk is held by whichever parts are pending', () => {
    const { credit, values } = run((bytes) => bytes.pipe(split(10), holdMap(work, { concurrent: 4 })));
    expect(credit.peak).toBe(WINDOW);
    expect(values).toHaveLength(2000);
  });

  it('two held stages in a row', () => {
    const { credit, values } = run((bytes) =>
      bytes.pipe(
        holdMap((chunk) => of(chunk)), // emits at once: only the second stage is slow
        holdMap(slowly),
      ),
    );
    expect(credit.peak).toBe(WINDOW);
    expect(values).toHaveLength(200);
  });

  it('two held stages that both take time, through a splitter between them', () => {
    const { values } = run((bytes) => bytes.pipe(holdMap(work, { concurrent: 3 }), split(5), holdMap(work)));
    expect(values).toHaveLength(1000);
  });

  it('an inner body inside a held stage holds its own source too', () => {
    const inner = creditSource({ count: 5, size: 1000, window: 2000 });
    const { values } = run(
      (bytes) =>
        bytes.pipe(
          holdMap(() => inner.bytes),
          holdMap(slowly),
        ),
      { count: 20 },
    );
    expect(values).toHaveLength(100);
    expect(inner).toMatchObject({ peak: 2000, unreturned: 0 });
  });

  it('share() with a slow and a fast holder: the slowest sets the pace', () => {
    const { credit, values, time } = run((bytes) => {
      const shared = timer(1).pipe(
        switchMap(() => bytes),
        share(),
      );
      const slow = shared.pipe(holdMap(() => timer(3).pipe(map(() => 'slow'))));
      const fast = shared.pipe(holdMap(() => timer(1).pipe(map(() => 'fast'))));
      return merge(slow, fast, shared.pipe(map(() => 'not held')));
    });
    expect(credit.subscriptions).toBe(1);
    for (const name of ['slow', 'fast', 'not held']) expect(values.filter((value) => value === name)).toHaveLength(200);
    expect(credit.peak).toBe(WINDOW);
    expect(time).toBe(1 + 200 * 3);
  });

  it('take', () => {
    const { credit, values, ended } = run((bytes) => bytes.pipe(holdMap(slowly), take(3)));
    expect(values).toHaveLength(3);
    expect(ended).toBe('completed');
    expect(credit.sent).toBeLessThanOrEqual(3 + 8);
    expect(credit.unsubscriptions).toBe(1);
  });

  it('take before the stage that holds', () => {
    const { credit, values } = run((bytes) => bytes.pipe(take(3), holdMap(slowly)));
    expect(values).toHaveLength(3);
    expect(credit.sent).toBe(3);
  });

  it('a throw in project', () => {
    const { credit, values, ended } = run((bytes) =>
      bytes.pipe(
        holdMap((chunk) => {
          if (chunk[0] === 20) throw new Error('thrown');
          return slowly(chunk);
        }),
      ),
    );
    expect(ended).toBe('thrown');
    expect(values).toHaveLength(20);
    expect(credit.unsubscriptions).toBe(1);
  });

  it('an error of an inner Observable', () => {
    const { ended } = run((bytes) =>
      bytes.pipe(
        holdMap(
          (chunk) =>
            slowly(chunk).pipe(
              map(() => {
                if (chunk[0] === 20) throw new Error('inner');
              }),
            ),
          { concurrent: 4 },
        ),
      ),
    );
    expect(ended).toBe('inner');
  });

  it('retry starts anew with all credit back', () => {
    let failures = 0;
    const { credit, values, ended } = run((bytes) =>
      bytes.pipe(
        holdMap((chunk, index) =>
          slowly(chunk).pipe(
            map(() => {
              if (index === 10 && failures++ < 2) throw new Error('again');
              return index;
            }),
          ),
        ),
        retry(2),
      ),
    );
    expect(ended).toBe('completed');
    expect(values).toHaveLength(220);
    expect(credit).toMatchObject({ subscriptions: 3, unsubscriptions: 3 });
  });

  it.each([0, 1, 5, 17])('unsubscribe after %i ms', (ms) => {
    const credit = creditSource({ window: WINDOW });
    runMarbles(({ scheduler, flush }) => {
      const subscription = credit.bytes.pipe(split(2), holdMap(slowly, { concurrent: 2 })).subscribe();
      scheduler.schedule(() => subscription.unsubscribe(), ms);
      flush();
    });
    expect(credit.peak).toBeLessThanOrEqual(WINDOW);
    expect(credit).toMatchObject({ unreturned: 0, unsubscriptions: 1 });
    expect(credit.sent).toBeLessThan(40);
  });

  it('a body nobody has claimed yet waits at its window, and then flows', () => {
    const body = new UnicastSubject<Uint8Array>();
    const credit = creditSource({ window: WINDOW });
    const received: number[] = [];
    let beforeClaim = 0;
    runMarbles(({ scheduler, flush }) => {
      credit.bytes.subscribe(body);
      scheduler.schedule(() => {
        beforeClaim = credit.sent;
        body.pipe(holdMap(slowly)).subscribe((length) => received.push(length));
      }, 50);
      flush();
    });
    expect(beforeClaim).toBe(8);
    expect(received).toHaveLength(200);
    expect(credit).toMatchObject({ peak: WINDOW, unreturned: 0 });
  });

  it('a late claim that takes a few and leaves gives back the rest', () => {
    const body = new UnicastSubject<Uint8Array>();
    const credit = creditSource({ window: WINDOW, count: 40 });
    runMarbles(({ scheduler, flush }) => {
      credit.bytes.subscribe(body);
      scheduler.schedule(() => body.pipe(take(2)).subscribe(), 5);
      flush();
    });
    expect(credit).toMatchObject({ peak: WINDOW, unreturned: 0, sent: 40 }); // the rest is dropped on arrival
  });

  it('the source is seen to stop and to go on', () => {
    const credit = creditSource({ window: 2000, count: 6, period: 1 });
    const sentAt: string[] = [];
    runMarbles(({ scheduler, flush }) => {
      interval(1)
        .pipe(take(15))
        .subscribe(() => sentAt.push(`${scheduler.now()}:${credit.sent}`));
      credit.bytes.pipe(holdMap(() => timer(4))).subscribe();
      flush();
    });
    expect(sentAt.join(' ')).toBe('1:1 2:2 3:2 4:2 5:3 6:3 7:3 8:3 9:4 10:4 11:4 12:4 13:5 14:5 15:5');
  });
});

describe('the exits to promises and streams keep the window', () => {
  const SENT_AHEAD = WINDOW / 1000;

  it('for await, to the end', async () => {
    const credit = creditSource({ window: WINDOW });
    let received = 0;
    for await (const chunk of iterate(credit.bytes.pipe(split(10)))) {
      received += chunk.length;
      await Promise.resolve();
    }
    expect(received).toBe(200_000);
    expect(credit).toMatchObject({ peak: WINDOW, unreturned: 0 });
  });

  it('for await, break', async () => {
    const credit = creditSource({ window: WINDOW });
    let received = 0;
    for await (const chunk of iterate(credit.bytes)) {
      expect(chunk).toHaveLength(1000);
      if (++received === 20) break;
    }
    expect(credit.sent).toBe(20 + SENT_AHEAD - 1);
    expect(credit).toMatchObject({ peak: WINDOW, unreturned: 0, unsubscriptions: 1 });
  });

  it('for await, a throw in the loop', async () => {
    const credit = creditSource({ window: WINDOW });
    const loop = async (): Promise<void> => {
      for await (const chunk of iterate(credit.bytes)) if (chunk[0] === 3) throw new Error('in the loop');
    };
    await expect(loop()).rejects.toThrow('in the loop');
    expect(credit).toMatchObject({ peak: WINDOW, unreturned: 0, unsubscriptions: 1 });
  });

  it('toReadable, read slowly', async () => {
    const credit = creditSource({ window: WINDOW });
    let received = 0;
    const readable = toReadable(credit.bytes, { highWaterMark: 1 });
    expect(credit.subscriptions).toBe(0);
    for await (const chunk of readable as AsyncIterable<Buffer>) {
      received += chunk.length;
      expect(credit.sent * 1000 - received).toBeLessThanOrEqual(WINDOW + 1000);
    }
    expect(received).toBe(200_000);
    expect(credit).toMatchObject({ peak: WINDOW, unreturned: 0 });
  });

  it('toReadable, destroyed', () => {
    const credit = creditSource({ window: WINDOW });
    const readable = toReadable(credit.bytes);
    readable.read(1);
    expect(credit.unreturned).toBe(WINDOW);
    readable.destroy();
    expect(credit).toMatchObject({ peak: WINDOW, unreturned: 0, unsubscriptions: 1 });
  });

  it('toReadableStream, read slowly and cancelled', async () => {
    const credit = creditSource({ window: WINDOW });
    const stream = toReadableStream(credit.bytes);
    expect(credit.subscriptions).toBe(0);
    const reader = stream.getReader();
    for (let i = 0; i < 20; i++) expect(await reader.read()).toMatchObject({ done: false, value: { length: 1000 } });
    expect(credit.sent).toBeLessThanOrEqual(20 + SENT_AHEAD);
    await reader.cancel();
    expect(credit).toMatchObject({ peak: WINDOW, unreturned: 0, unsubscriptions: 1 });
  });

  it('out through a Readable and in again', async () => {
    const credit = creditSource({ window: WINDOW });
    const received = await new Promise<number>((resolve, reject) => {
      let sum = 0;
      fromReadable(toReadable(credit.bytes))
        .pipe(holdMap((chunk) => of(chunk.length)))
        .subscribe({ next: (length) => (sum += length), error: reject, complete: () => resolve(sum) });
    });
    expect(received).toBe(200_000);
    expect(credit).toMatchObject({ peak: WINDOW, unreturned: 0 });
  });
});

describe('deliver and hold', () => {
  const releases = (work: (value: string) => void): string[] => {
    const log: string[] = [];
    deliver(
      {
        next(value: string) {
          work(value);
          log.push('next');
        },
      },
      'value',
      (value) => log.push(`released ${value}`),
    );
    return log;
  };

  it('releases when next returns, if nobody held', () => {
    expect(releases(() => undefined)).toEqual(['next', 'released value']);
  });

  it('waits for next to return, even if the hold is over before', () => {
    expect(releases(() => hold()())).toEqual(['next', 'released value']);
  });

  it('waits for every hold; releasing twice counts once', () => {
    const held: (() => void)[] = [];
    const log = releases(() => held.push(hold(), hold()));
    held[0]?.();
    held[0]?.();
    expect(log).toEqual(['next']);
    held[1]?.();
    held[1]?.();
    expect(log).toEqual(['next', 'released value']);
  });

  it('a hold outside any delivery holds nothing', () => {
    expect(() => hold()()).not.toThrow();
  });

  it('nests: an inner delivery has its own credit, and the outer one is back afterwards', () => {
    const log: string[] = [];
    let releaseOuter: (() => void) | undefined;
    let releaseInner: (() => void) | undefined;
    const inner = { next: () => (releaseInner = hold()) };
    const outer = {
      next() {
        deliver(inner, 'inner', (value) => log.push(value));
        releaseOuter = hold();
      },
    };
    deliver(outer, 'outer', (value) => log.push(value));
    expect(log).toEqual([]);
    releaseOuter?.();
    expect(log).toEqual(['outer']);
    releaseInner?.();
    expect(log).toEqual(['outer', 'inner']);
  });

  it('a throw of the destination gives the credit back and leaves no delivery open', () => {
    const log: string[] = [];
    const fail = (before: () => void): void => {
      const destination = {
        next() {
          before();
          throw new Error('destination');
        },
      };
      expect(() => deliver(destination, 'value', (value) => log.push(value))).toThrow('destination');
    };
    fail(() => undefined);
    expect(log).toEqual(['value']);
    let release: (() => void) | undefined;
    fail(() => (release = hold()));
    expect(log).toEqual(['value']);
    release?.();
    expect(log).toEqual(['value', 'value']);
    hold()(); // would throw off the books of an open delivery
    expect(log).toEqual(['value', 'value']);
  });
});

describe('toArray', () => {
  it('shows what the rule means: an operator that keeps values without holding lets credit escape', () => {
    const { credit } = run((bytes) => bytes.pipe(toArray()));
    expect(credit.peak).toBe(1000);
  });
});
