import {
  concatMap,
  defer,
  EMPTY,
  map,
  NEVER,
  of,
  range,
  Subject,
  take,
  throwError,
  timer,
  toArray,
  type Observable,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { holdMap } from '../../../operators/core/hold-map.js';
import { pullIterable } from '../../../operators/core/pull.js';
import { marbles } from '../../support/marbles.js';

/** A source whose window is one value. */
const pulled = (...values: string[]): Observable<string> => pullIterable(values);
const after = (ms: number) => (value: string) => timer(ms).pipe(map(() => value));

describe('time', () => {
  it(
    'pulls a value only when the one before is done',
    marbles((m) => {
      m.expect(pulled('1', '2', '3', '4').pipe(holdMap(after(3)))).toBeObservable('---1--2--3--(4|)');
    }),
  );

  it(
    'two held stages: a value is done when it has passed both',
    marbles((m) => {
      m.expect(pulled('1', '2').pipe(holdMap(after(2)), holdMap(after(3)))).toBeObservable('-----1----(2|)');
    }),
  );

  it(
    'a plain concatMap lets the credit go: the source is read at once',
    marbles((m) => {
      const when = (source: Observable<string>) => {
        const log: string[] = [];
        return source.pipe(
          map((value) => log.push(value)),
          concatMap(() => timer(3).pipe(map(() => String(log.length)))),
        );
      };
      m.expect(when(pulled('1', '2', '3'))).toBeObservable('---3--3--(3|)');
    }),
  );

  it(
    'keeps order with one at a time and takes what comes first with more',
    marbles((m) => {
      const times = new Map([
        ['a', 4],
        ['b', 2],
        ['c', 1],
      ]);
      const work = (value: string) => after(times.get(value) ?? 0)(value);
      const source = () => m.cold('(abc|)');
      m.expect(source().pipe(holdMap(work))).toBeObservable('----a-b(c|)');
      m.expect(source().pipe(holdMap(work, { concurrent: 2 }))).toBeObservable('--bc(a|)');
      m.expect(source().pipe(holdMap(work, { concurrent: 3 }))).toBeObservable('-cb-(a|)');
    }),
  );

  it(
    'emits all an inner Observable emits',
    marbles((m) => {
      const source = m.cold('a-----b|');
      const inner = m.cold('  x-y|');
      m.expect(source.pipe(holdMap(() => inner))).toBeObservable('x-y---x-y|');
      m.expect(inner).toHaveSubscriptions(['^--!', '------^--!']);
    }),
  );
});

describe('ends', () => {
  it(
    'never, empty, an error of the source, and unsubscription',
    marbles((m) => {
      const inner = m.cold('-----x|');
      const source = m.hot('-a---#');
      m.expect(m.cold('-').pipe(holdMap(() => inner))).toBeObservable('-');
      m.expect(m.cold('--|').pipe(holdMap(() => inner))).toBeObservable('--|');
      m.expect(source.pipe(holdMap(() => inner))).toBeObservable('-----#');
      m.expect(inner).toHaveSubscriptions('-^---!');
      m.expect(source).toHaveSubscriptions('^----!');
    }),
  );

  it(
    'unsubscription ends the inner Observables and the source',
    marbles((m) => {
      const inner = m.cold('-');
      const source = m.hot('-a-b-----|');
      m.expect(source.pipe(holdMap(() => inner, { concurrent: 2 })), '-----!').toBeObservable('------');
      m.expect(inner).toHaveSubscriptions(['-^---!', '---^-!']);
      m.expect(source).toHaveSubscriptions('^----!');
    }),
  );

  it(
    'an error of an inner Observable, or a throw in project',
    marbles((m) => {
      const source = m.hot('-a-b-|');
      m.expect(source.pipe(holdMap(() => m.cold('x-#')))).toBeObservable('-x-#');
      m.expect(
        source.pipe(
          holdMap((value) => {
            if (value === 'b') throw 'error';
            return of(value);
          }),
        ),
      ).toBeObservable('-a-#');
      m.expect(source).toHaveSubscriptions(['^--!', '^--!']);
    }),
  );

  it(
    'completes when the source and the last inner Observable have',
    marbles((m) => {
      m.expect(m.cold('a|').pipe(holdMap(() => m.cold('---x--|')))).toBeObservable('---x--|');
      m.expect(m.cold('a-----|').pipe(holdMap(() => EMPTY))).toBeObservable('------|');
      m.expect(m.cold('a|').pipe(holdMap(() => NEVER))).toBeObservable('-');
    }),
  );
});

describe('synchronous inner Observables', () => {
  const collect = <T>(source: Observable<T>): T[] => {
    let all: T[] = [];
    source.pipe(toArray()).subscribe((values) => (all = values));
    return all;
  };

  it('takes any ObservableInput and gives the index', () => {
    expect(collect(of('a', 'b').pipe(holdMap((value, index) => [value, index])))).toEqual(['a', 0, 'b', 1]);
    expect(collect(of('ab').pipe(holdMap((value) => value)))).toEqual(['a', 'b']);
  });

  it.each([1, 3])('100 000 of them do not recurse, %i at a time', (concurrent) => {
    const pull = pullIterable(Array.from({ length: 100_000 }, (_, i) => i));
    expect(collect(pull.pipe(holdMap((value) => [value], { concurrent })))).toHaveLength(100_000);
    expect(collect(range(0, 100_000).pipe(holdMap((value) => [value], { concurrent })))).toHaveLength(100_000);
  });

  it('nor do those that waited for a slow one', () => {
    const source = new Subject<number>();
    const gate = new Subject<number>();
    const all: number[] = [];
    source.pipe(holdMap((value) => (value === 0 ? gate : [value]))).subscribe((value) => all.push(value));
    for (let i = 0; i < 20_000; i++) source.next(i);
    gate.complete();
    expect(all).toHaveLength(19_999);
  });

  it('take(1) stops an endless one', () => {
    let turns = 0;
    const endless = defer(() => range(0, Infinity).pipe(map(() => ++turns)));
    expect(
      collect(
        of('a').pipe(
          holdMap(() => endless),
          take(1),
        ),
      ),
    ).toEqual([1]);
    expect(turns).toBe(1);
  });

  it('take(1) does not read an endless source to no end when its credit comes back', () => {
    let pulls = 0;
    const source = pullIterable(
      (function* () {
        while (pulls < 1_000_000) yield pulls++;
      })(),
    );
    expect(
      collect(
        source.pipe(
          holdMap(() => of(1, 2)),
          take(1),
        ),
      ),
    ).toEqual([1]);
    expect(pulls).toBe(1);
  });

  it('a consumer may send into the source while it is given a value', () => {
    const source = new Subject<number>();
    const all: number[] = [];
    source.pipe(holdMap((value) => of(value))).subscribe((value) => {
      all.push(value);
      if (value < 3) source.next(value + 1);
    });
    source.next(1);
    expect(all).toEqual([1, 2, 3]);
  });

  it('a synchronous error of one goes down the error channel', () => {
    const errors: unknown[] = [];
    of(1)
      .pipe(holdMap(() => throwError(() => 'inner')))
      .subscribe({ error: (error) => errors.push(error) });
    expect(errors).toEqual(['inner']);
  });
});
