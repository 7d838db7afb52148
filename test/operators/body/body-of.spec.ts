import { concat, EMPTY, map, NEVER, of, Subject, take, tap, throwError, toArray, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { bodyOf, type BodyInput } from '../../../operators/body/body-of.js';
import { lines } from '../../../operators/body/lines.js';
import { text } from '../../../operators/body/text.js';
import { UnicastSubject } from '../../../operators/core/unicast-subject.js';
import { marbles } from '../../support/marbles.js';
import { message, seen, utf8 } from './bodies.js';

const pass = () => bodyOf((body) => body);
const count = () =>
  bodyOf((body) =>
    body.pipe(
      toArray(),
      map((chunks) => chunks.length),
    ),
  );

describe('over bytes', () => {
  it('reads the source itself, an empty one too', () => {
    expect(seen(of(utf8('a'), utf8('b')).pipe(count()))).toEqual([2, 'complete']);
    expect(seen(EMPTY.pipe(count()))).toEqual([0, 'complete']);
    expect(seen(throwError(() => 'e').pipe(count()))).toEqual(['error e']);
    expect(
      seen(
        concat(
          of(utf8('a')),
          throwError(() => 'e'),
        ).pipe(count()),
      ),
    ).toEqual(['error e']);
  });

  it('lets the source go when the reader has enough', () => {
    const source = new Subject<Uint8Array>();
    const log = seen(source.pipe(bodyOf((body) => body.pipe(take(1), map(String)))));
    source.next(utf8('a'));
    expect(log).toEqual(['97', 'complete']);
    expect(source.observed).toBe(false);
  });

  it('gives each subscription a reader of its own', () => {
    const counted = of(utf8('a')).pipe(count());
    expect(seen(counted)).toEqual([1, 'complete']);
    expect(seen(counted)).toEqual([1, 'complete']);
  });
});

describe('over messages', () => {
  it('reads the body of each, and gives its fields to the reader', () => {
    const named = bodyOf((body, fields) => body.pipe(map(() => fields?.get('name'))));
    expect(seen(of(message('a', { name: 'x' }), message('b', { name: 'y' })).pipe(named))).toEqual([
      'x',
      'y',
      'complete',
    ]);
  });

  it('a body that cannot be read is let go', () => {
    for (const read of [text(), lines()]) {
      let cancelled = 0;
      const body = new UnicastSubject<Uint8Array>({ cancelled: () => cancelled++ });
      const fields = { 'content-type': 'text/plain; charset=nope' };
      expect(seen(of(message(body, fields)).pipe(read))).toEqual(['error UNSUPPORTED_CHARSET']);
      expect(cancelled).toBe(1);
    }
  });

  it('subscribes to the body synchronously, within the delivery of the message', () => {
    const body = new UnicastSubject<Uint8Array>();
    const source = new Subject<BodyInput>();
    source.pipe(pass()).subscribe();
    source.next(message(body));
    expect(body.claimed).toBe(true);
  });

  it(
    'ends with the last body; another message ends the reading of the one before',
    marbles((m) => {
      const one = m.cold<Uint8Array>('-a-a-a|');
      const two = m.cold<Uint8Array>('-b--|');
      const source = (marble: string): Observable<BodyInput> => m.cold(marble, { x: message(one), y: message(two) });
      m.expect(source('x--y|').pipe(bodyOf((body) => body.pipe(map(String))))).toBeObservable('-a--b--|');
      m.expect(one).toHaveSubscriptions('^--!');
      m.expect(two).toHaveSubscriptions('---^---!');
    }),
  );

  it(
    'waits for more messages when a body has ended, and completes with the source',
    marbles((m) => {
      const body = m.cold<Uint8Array>('a|');
      const source: Observable<BodyInput> = m.cold('x---x---|', { x: message(body) });
      m.expect(source.pipe(bodyOf((each) => each.pipe(map(String))))).toBeObservable('a---a---|');
    }),
  );

  it('passes errors of the source and of the body', () => {
    const failing = message(throwError(() => 'body'));
    expect(seen(of(failing).pipe(pass()))).toEqual(['error body']);
    expect(
      seen(
        concat(
          of(message(NEVER)),
          throwError(() => 'source'),
        ).pipe(pass()),
      ),
    ).toEqual(['error source']);
  });

  it('unsubscribing cancels the body', () => {
    const log: string[] = [];
    const body = new UnicastSubject<Uint8Array>({ cancelled: () => log.push('cancelled') });
    concat(of(message(body)), NEVER)
      .pipe(pass())
      .subscribe()
      .unsubscribe();
    expect(log).toEqual(['cancelled']);
  });

  it('a synchronous body stops when the consumer has enough', () => {
    let given = 0;
    const body = of(...Array.from({ length: 100 }, () => utf8('a'))).pipe(tap(() => given++));
    expect(seen(of(message(body)).pipe(pass(), take(1), map(String)))).toEqual(['97', 'complete']);
    expect(given).toBe(1);
  });

  it('a throw of the reader goes down the error channel', () => {
    const broken = bodyOf(() => {
      throw new Error('reader');
    });
    expect(seen(of(message('a')).pipe(broken))).toEqual(['error Error: reader']);
    expect(seen(of(utf8('a')).pipe(broken))).toEqual(['error Error: reader']);
  });
});
