import { concat, of, throwError } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { progress, type Progress } from '../../../operators/body/progress.js';
import { hold } from '../../../operators/core/deliver.js';
import { marbles } from '../../support/marbles.js';
import { creditSource } from '../core/credit-source.js';
import { message, seen, utf8 } from './bodies.js';

it(
  'passes chunks on as they are',
  marbles((m) => {
    const source = m.hot('-a-b-|', { a: utf8('1'), b: utf8('2') });
    m.expect(source.pipe(progress(() => undefined))).toBeObservable('-a-b-|', { a: utf8('1'), b: utf8('2') });
    m.expect(source).toHaveSubscriptions('^----!');
  }),
);

describe('the listener', () => {
  it('is told bytes so far before each chunk, and the total by content-length', () => {
    const log: unknown[] = [];
    const body = message(of(utf8('ab'), utf8('c')), { 'content-length': '3' });
    of(body)
      .pipe(progress((state) => log.push(state)))
      .subscribe((chunk) => log.push(chunk.length));
    expect(log).toEqual([{ bytes: 2, total: 3 }, 2, { bytes: 3, total: 3 }, 1]);
  });

  it('may be an observer', () => {
    const observer = { next: vi.fn() };
    of(utf8('a')).pipe(progress(observer)).subscribe();
    expect(observer.next).toHaveBeenCalledWith({ bytes: 1, total: undefined });
  });

  it.each([undefined, '', 'x', '-1', '1e3'])('has no total with a content-length of %j', (length) => {
    let total: number | undefined = 0;
    const body = message('a', length === undefined ? {} : { 'content-length': length });
    of(body)
      .pipe(progress((state: Progress) => (total = state.total)))
      .subscribe();
    expect(total).toBeUndefined();
  });

  it('counts anew for each subscription and each message', () => {
    const counts: number[] = [];
    const counted = of(message('ab'), message('c')).pipe(progress(({ bytes }) => counts.push(bytes)));
    counted.subscribe();
    counted.subscribe();
    expect(counts).toEqual([2, 1, 2, 1]);
  });

  it('ends the body by a throw, and sees nothing of an error', () => {
    const boom = progress(() => {
      throw new Error('boom');
    });
    expect(seen(of(utf8('a')).pipe(boom))).toEqual(['error Error: boom']);
    const listener = vi.fn();
    expect(
      seen(
        concat(
          throwError(() => 'e'),
          of(utf8('a')),
        ).pipe(progress(listener)),
      ),
    ).toEqual(['error e']);
    expect(listener).not.toHaveBeenCalled();
  });
});

it('lets credit through', () => {
  const credit = creditSource({ window: 3000 });
  credit.bytes.pipe(progress(() => undefined)).subscribe(() => hold());
  expect(credit.unreturned).toBe(3000);
});
