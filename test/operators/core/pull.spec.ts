import { map, NEVER, of, Subject, take, timer, toArray, type Observable } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { hold } from '../../../operators/core/deliver.js';
import { holdMap } from '../../../operators/core/hold-map.js';
import { pullAsyncIterable, pullIterable, pullReadableStream } from '../../../operators/core/pull.js';
import { marbles } from '../../support/marbles.js';

/** What a subscription sees until it ends. */
function seen(source: Observable<unknown>): Promise<unknown[]> {
  return new Promise((resolve) => {
    const log: unknown[] = [];
    source.subscribe({
      next: (value) => log.push(value),
      error: (error: unknown) => resolve([...log, `error ${String(error)}`]),
      complete: () => resolve([...log, 'complete']),
    });
  });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('pullIterable', () => {
  it('gives none, one, many, synchronously', () => {
    const log: unknown[] = [];
    for (const values of [[], [1], [1, 2, 3]])
      pullIterable(values)
        .pipe(toArray())
        .subscribe((all) => log.push(all));
    expect(log).toEqual([[], [1], [1, 2, 3]]);
  });

  it('is cold: each subscription starts anew where the iterable does', async () => {
    const source = pullIterable(new Set(['a', 'b']));
    expect(await seen(source)).toEqual(['a', 'b', 'complete']);
    expect(await seen(source)).toEqual(['a', 'b', 'complete']);
  });

  it('does not recurse: 1 000 000 values, held or not', () => {
    function* count() {
      for (let i = 0; i < 1_000_000; i++) yield i;
    }
    let last = -1;
    pullIterable(count()).subscribe((value) => {
      const release = hold();
      last = value;
      release();
    });
    expect(last).toBe(999_999);
  });

  it('does not recurse when values are released from outside', () => {
    const gate = new Subject<number>();
    let last = -1;
    pullIterable(Array.from({ length: 10_000 }, (_, i) => i))
      .pipe(holdMap((value) => (value === 0 ? gate : of(value))))
      .subscribe((value) => (last = value));
    gate.complete();
    expect(last).toBe(9999);
  });

  it(
    'pulls the next only when the one before is released',
    marbles((m) => {
      const pulls: string[] = [];
      function* log() {
        for (const value of 'abc') {
          pulls.push(value);
          yield value;
        }
      }
      const work = holdMap((value: string) => timer(2).pipe(map(() => `${value}${pulls.length}`)));
      m.expect(pullIterable(log()).pipe(work)).toBeObservable('--a-b-(c|)', { a: 'a1', b: 'b2', c: 'c3' });
    }),
  );

  it('passes a throw of the iterable, of its iterator, and does not return it then', async () => {
    const returned = vi.fn();
    const broken = {
      [Symbol.iterator]: () => ({
        next(): IteratorResult<string> {
          throw new Error('in next');
        },
        return: returned,
      }),
    };
    expect(await seen(pullIterable(broken))).toEqual(['error Error: in next']);
    expect(returned).not.toHaveBeenCalled();
    const none = {
      [Symbol.iterator](): Iterator<string> {
        throw new Error('in iterator');
      },
    };
    expect(await seen(pullIterable(none))).toEqual(['error Error: in iterator']);
  });

  it('returns the iterator when unsubscribed, also when that happens while it runs', () => {
    for (const stopInside of [false, true]) {
      const stop = new Subject<void>();
      let finished = 0;
      function* values() {
        try {
          yield 1;
          if (stopInside) stop.next();
          yield 2;
        } finally {
          finished++;
        }
      }
      const subscription = pullIterable(values())
        .pipe(holdMap((value) => (value === 1 && stopInside ? of(value) : NEVER)))
        .subscribe();
      stop.subscribe(() => subscription.unsubscribe());
      subscription.unsubscribe();
      expect(finished).toBe(1);
    }
  });

  it('take(1) stops it', () => {
    let pulls = 0;
    function* endless() {
      for (;;) yield pulls++;
    }
    pullIterable(endless()).pipe(take(1)).subscribe();
    expect(pulls).toBe(1);
  });
});

describe('pullAsyncIterable', () => {
  async function* values(log: string[] = []) {
    try {
      yield 1;
      log.push('asked for 2');
      yield 2;
    } finally {
      log.push('finished');
    }
  }

  it('gives all and completes', async () => {
    expect(await seen(pullAsyncIterable(values()))).toEqual([1, 2, 'complete']);
  });

  it('passes the error', async () => {
    async function* broken() {
      yield 1;
      throw new Error('broken');
    }
    expect(await seen(pullAsyncIterable(broken()))).toEqual([1, 'error Error: broken']);
  });

  it('does not ask again while a value is held; unsubscribing returns the iterator at once', async () => {
    const log: string[] = [];
    const subscription = pullAsyncIterable(values(log)).subscribe(() => hold());
    await turn();
    expect(log).toEqual([]);
    subscription.unsubscribe();
    await turn();
    expect(log).toEqual(['finished']);
  });

  it('drops what comes after it was left, an error too', async () => {
    let fail!: (error: Error) => void;
    const returned = vi.fn(() => Promise.reject(new Error('of return')));
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise((_, reject) => (fail = reject)),
        return: returned,
      }),
    };
    const observer = vi.fn();
    pullAsyncIterable(source).subscribe({ next: observer, error: observer }).unsubscribe();
    expect(returned).toHaveBeenCalledTimes(1);
    fail(new Error('late'));
    await turn();
    expect(observer).not.toHaveBeenCalled();
  });

  it('an iterator without return() is just left', () => {
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
    };
    expect(() => pullAsyncIterable(source).subscribe().unsubscribe()).not.toThrow();
  });
});

describe('pullReadableStream', () => {
  const streamOf = (log: string[], ...chunks: string[]) =>
    new ReadableStream<string>(
      {
        pull(controller) {
          const chunk = chunks.shift();
          log.push(`pull ${chunk}`);
          if (chunk === undefined) controller.close();
          else controller.enqueue(chunk);
        },
        cancel: () => void log.push('cancel'),
      },
      { highWaterMark: 0 },
    );

  it('gives all, completes and gives the lock back', async () => {
    const stream = streamOf([], 'a', 'b');
    expect(await seen(pullReadableStream(stream))).toEqual(['a', 'b', 'complete']);
    expect(stream.locked).toBe(false);
  });

  it('pulls only when the one before is released', async () => {
    const log: string[] = [];
    let release: (() => void) | undefined;
    pullReadableStream(streamOf(log, 'a', 'b')).subscribe(() => (release = hold()));
    await turn();
    expect(log).toEqual(['pull a']);
    release?.();
    await turn();
    expect(log).toEqual(['pull a', 'pull b']);
  });

  it('unsubscribing while a read waits cancels and unlocks at once', async () => {
    const cancelled = vi.fn();
    const stream = new ReadableStream({ cancel: cancelled });
    const subscription = pullReadableStream(stream).subscribe();
    await turn();
    expect(stream.locked).toBe(true);
    subscription.unsubscribe();
    expect(stream.locked).toBe(false);
    expect(cancelled).toHaveBeenCalledTimes(1);
  });

  it('a cancel that fails troubles nobody', async () => {
    const stream = new ReadableStream({ cancel: () => Promise.reject(new Error('cancel')) });
    pullReadableStream(stream).subscribe().unsubscribe();
    await turn();
    expect(stream.locked).toBe(false);
  });

  it('passes the error of the stream, and of one that is locked', async () => {
    const broken = new ReadableStream({ pull: () => Promise.reject(new Error('broken')) });
    expect(await seen(pullReadableStream(broken))).toEqual(['error Error: broken']);
    const locked = new ReadableStream();
    locked.getReader();
    expect(String(await seen(pullReadableStream(locked)))).toContain('locked');
  });
});
