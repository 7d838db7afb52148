import { EMPTY, NEVER, Observable, of, range, Subject, take, throwError, toArray, type Subscriber } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { operate } from '../../../operators/core/operate.js';
import { marbles } from '../../support/marbles.js';

const passOn = <T>() => operate<T, T>((subscriber) => ({ next: (value) => subscriber.next(value) }));

/** What a subscription sees, in order. */
function seen(source: Observable<unknown>): unknown[] {
  const log: unknown[] = [];
  source.subscribe({
    next: (value) => log.push(value),
    error: (error: Error) => log.push(`error ${error.message}`),
    complete: () => log.push('complete'),
  });
  return log;
}

/** A source that says when it is let go. */
function logged(log: string[], values: Observable<number>): Observable<number> {
  return new Observable((subscriber) => {
    subscriber.add(() => log.push('source let go'));
    return values.subscribe(subscriber);
  });
}

function boom(): never {
  throw new Error('boom');
}

it(
  'passes on what has no handler, and subscribes for as long as it is subscribed',
  marbles((m) => {
    const source = m.hot('  -a--b-c-|');
    m.expect(source.pipe(passOn())).toBeObservable('-a--b-c-|');
    m.expect(m.hot('-a-#').pipe(passOn())).toBeObservable('-a-#');
    m.expect(source.pipe(passOn()), '---!').toBeObservable('-a--');
    m.expect(source).toHaveSubscriptions(['^-------!', '^--!']);
    m.expect(m.cold('-').pipe(passOn())).toBeObservable('-');
    m.expect(m.cold('|').pipe(passOn())).toBeObservable('|');
  }),
);

describe('a throw becomes an error notification', () => {
  it('in start', () => {
    expect(seen(of(1).pipe(operate(boom)))).toEqual(['error boom']);
  });

  it('in next, with the source let go before', () => {
    const log: string[] = [];
    logged(log, of(1, 2, 3))
      .pipe(operate(() => ({ next: boom })))
      .subscribe({ error: (error: Error) => log.push(error.message) });
    expect(log).toEqual(['source let go', 'boom']);
  });

  it('in next, of a Subject', () => {
    const subject = new Subject<number>();
    const log = seen(subject.pipe(operate(() => ({ next: boom }))));
    subject.next(1);
    expect(log).toEqual(['error boom']);
    expect(subject.observed).toBe(false);
  });

  it('in error and in complete', () => {
    const next = (): void => undefined;
    expect(seen(throwError(() => new Error('source')).pipe(operate(() => ({ next, error: boom }))))).toEqual([
      'error boom',
    ]);
    expect(seen(EMPTY.pipe(operate(() => ({ next, complete: boom }))))).toEqual(['error boom']);
  });
});

describe('state and ends', () => {
  it('starts anew for each subscription', () => {
    const counted = of('a', 'b').pipe(
      operate<string, number>((subscriber) => {
        let count = 0;
        return { next: () => subscriber.next(++count) };
      }),
    );
    expect(seen(counted)).toEqual([1, 2, 'complete']);
    expect(seen(counted)).toEqual([1, 2, 'complete']);
  });

  it('stops a synchronous source as soon as the downstream has enough', () => {
    let pulled = 0;
    const source = new Observable<number>((subscriber) => {
      while (!subscriber.closed) subscriber.next(pulled++);
    });
    expect(seen(source.pipe(passOn(), take(3)))).toEqual([0, 1, 2, 'complete']);
    expect(pulled).toBe(3);
  });

  it('stops a synchronous source when it completes by itself', () => {
    const first = operate<number, number>((subscriber) => ({
      next(value) {
        subscriber.next(value);
        subscriber.complete();
      },
    }));
    expect(seen(range(0, 1_000_000).pipe(first))).toEqual([0, 'complete']);
  });

  it('may complete in start, and the source is let go at once', () => {
    const log: string[] = [];
    const none = operate<number, number>((subscriber) => {
      subscriber.complete();
      return { next: (value) => subscriber.next(value) };
    });
    expect(seen(logged(log, NEVER).pipe(none))).toEqual(['complete']);
    expect(log).toEqual(['source let go']);
  });

  it('may go on after the source has completed', () => {
    let downstream!: Subscriber<string>;
    const later = operate<number, string>((subscriber) => {
      downstream = subscriber;
      return { next: () => undefined, complete: () => undefined };
    });
    const log = seen(of(1).pipe(later));
    downstream.next('later');
    downstream.complete();
    expect(log).toEqual(['later', 'complete']);
  });

  it.each([
    ['completion', (source: Subject<number>) => source.complete()],
    ['an error', (source: Subject<number>) => source.error(new Error('source'))],
    ['a throw', (source: Subject<number>) => source.next(-1)],
    ['unsubscription', undefined],
  ])('finalizes once on %s', (_name, end) => {
    const finalize = vi.fn();
    const subject = new Subject<number>();
    const subscription = subject
      .pipe(
        operate<number, number>(() => ({
          next: (value) => (value < 0 ? boom() : undefined),
          finalize,
        })),
      )
      .subscribe({ error: () => undefined });
    end?.(subject);
    subscription.unsubscribe();
    subscription.unsubscribe();
    expect(finalize).toHaveBeenCalledTimes(1);
  });

  it('finalizes after the source is let go, so that what it releases brings nothing more', () => {
    const log: string[] = [];
    const source = logged(log, NEVER).pipe(
      operate<number, number>(() => ({ next: () => undefined, finalize: () => log.push('finalized') })),
    );
    source.subscribe().unsubscribe();
    expect(log).toEqual(['source let go', 'finalized']);
  });

  it('takes a value that its consumer sends back into the source', () => {
    const subject = new Subject<number>();
    const log: number[] = [];
    subject.pipe(passOn()).subscribe((value) => {
      log.push(value);
      if (value < 3) subject.next(value + 1);
    });
    subject.next(1);
    expect(log).toEqual([1, 2, 3]);
  });

  it('emits many for one', () => {
    const twice = operate<number, number>((subscriber) => ({
      next(value) {
        for (let i = 0; i < 2 && !subscriber.closed; i++) subscriber.next(value);
      },
    }));
    expect(seen(of(1, 2).pipe(twice, toArray()))).toEqual([[1, 1, 2, 2], 'complete']);
  });
});
