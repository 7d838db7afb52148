import { map, of, Subject, throwError } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contained } from '../../../src/server/contained.js';
import { marbles } from '../../support/marbles.js';

const warnings: Error[] = [];
const onWarning = (warning: Error): unknown => warnings.push(warning);
const fail = (): never => {
  throw new Error('mine');
};

beforeEach(() => {
  warnings.length = 0;
  process.on('warning', onWarning);
});
afterEach(() => {
  process.off('warning', onWarning);
});

describe('contained', () => {
  it(
    'is the same Observable',
    marbles((m) => {
      const source = m.hot('-a-b-#');
      m.expect(contained(source)).toBeObservable('-a-b-#');
      m.expect(contained(source), '--!').toBeObservable('-a');
      m.expect(source).toHaveSubscriptions(['^----!', '^-!']);
      m.expect(contained(m.cold('a|')).pipe(map(String))).toBeObservable('a|');
    }),
  );

  it('turns what callbacks throw into warnings, in each of the forms of subscribe', async () => {
    contained(of(1)).subscribe(fail);
    contained(of(1)).subscribe({ next: fail, complete: fail });
    contained(throwError(() => new Error('theirs'))).subscribe({ error: fail });
    contained(of(1)).subscribe(undefined, undefined, fail);
    contained(of(1)).subscribe();
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings.map(({ message }) => message)).toEqual(['mine', 'mine', 'mine', 'mine', 'mine']);
  });

  it('the next value comes all the same, and `this` is the observer', () => {
    const source = new Subject<number>();
    const observer = {
      seen: [] as number[],
      next(value: number) {
        this.seen.push(value);
        if (value === 1) fail();
      },
    };
    contained(source).subscribe(observer);
    source.next(1);
    source.next(2);
    expect(observer.seen).toEqual([1, 2]);
  });
});
