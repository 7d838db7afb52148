import { Observable, Subject, type Subscriber } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Feed } from '../../../operators/core/feed.js';

/** Writes down what it is told. */
function observer(log: unknown[]): { next(value: unknown): void; error(error: unknown): void; complete(): void } {
  return {
    next: (value) => log.push(value),
    error: (error) => log.push(['error', error]),
    complete: () => log.push('complete'),
  };
}

describe('Feed', () => {
  it('feeds its observer, then another', () => {
    const [first, second] = [[] as unknown[], [] as unknown[]];
    const source = new Subject<number>();
    const feed = new Feed<number>(observer(first));
    source.subscribe(feed);
    source.next(1);
    feed.redirect(observer(second));
    source.next(2);
    source.complete();
    source.next(3);
    expect([first, second]).toEqual([[1], [2, 'complete']]);
    expect(feed.closed).toBe(true);
  });

  it('ends once, and leaves its source before or after', () => {
    const log: unknown[] = [];
    let left = 0;
    let inner: Subscriber<number> | undefined;
    const feed = new Feed<number>(observer(log));
    new Observable<number>((subscriber) => {
      inner = subscriber;
      return () => left++;
    }).subscribe(feed);
    inner?.error('x');
    inner?.complete();
    feed.unsubscribe();
    feed.redirect(observer(log));
    expect([log, left]).toEqual([[['error', 'x']], 1]);
  });

  it('calls every teardown once: functions, subscriptions, and those that come late', () => {
    const log: string[] = [];
    const feed = new Feed<number>(observer([]));
    const removed = (): number => log.push('removed');
    const alsoRemoved = (): number => log.push('also removed');
    feed.add(removed);
    feed.add(alsoRemoved);
    feed.remove(removed);
    feed.remove(alsoRemoved);
    feed.add(undefined);
    feed.add(feed);
    feed.add({ unsubscribe: () => log.push('first') });
    feed.add(() => log.push('second'));
    feed.unsubscribe();
    feed.unsubscribe();
    feed.add(() => log.push('late'));
    expect(log.toSorted()).toEqual(['first', 'late', 'second']);
  });

  it('is left with what it is added to', () => {
    const source = new Subject<number>();
    const feed = new Feed<number>(observer([]));
    source.subscribe(feed);
    const outer = new Feed<number>(observer([]));
    outer.add(feed);
    expect(source.observed).toBe(true);
    outer.unsubscribe();
    expect([source.observed, feed.closed]).toEqual([false, true]);
  });

  it('throws at its source what its observer throws', () => {
    const source = new Subject<number>();
    source.subscribe(
      new Feed<number>({
        ...observer([]),
        next: () => {
          throw new Error('mine');
        },
      }),
    );
    expect(() => source.next(1)).toThrow('mine');
  });
});
