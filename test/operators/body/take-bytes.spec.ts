import { concat, map, NEVER, of, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { takeBytes } from '../../../operators/body/take-bytes.js';
import { UnicastSubject } from '../../../operators/core/unicast-subject.js';
import { randomCuts, splits } from '../../support/every-split.js';
import { marbles } from '../../support/marbles.js';
import { creditSource } from '../core/credit-source.js';
import { message, seen, utf8 } from './bodies.js';

const joined = map((chunks: Uint8Array[]) => Buffer.concat(chunks).toString());

describe('what is taken', () => {
  const all = utf8('0123456789');

  it.each([0, 1, 5, 9, 10, 11, 1000])('%i bytes, under every chunking, with the rest left alone', (count) => {
    for (const chunks of [...splits(all), randomCuts(all, 3)]) {
      const log = seen(concat(of(...chunks), NEVER).pipe(takeBytes(count), toArray(), joined));
      if (count <= 10) expect(log).toEqual(['0123456789'.slice(0, count), 'complete']);
      else expect(log).toEqual([]);
      expect(seen(of(...chunks).pipe(takeBytes(count), toArray(), joined))).toEqual([
        '0123456789'.slice(0, count),
        'complete',
      ]);
    }
  });

  it('comes as it comes, the last chunk as a view', () => {
    const chunks = [utf8('abc'), utf8('def')];
    const out: Uint8Array[] = [];
    of(...chunks)
      .pipe(takeBytes(5))
      .subscribe((chunk) => out.push(chunk));
    expect(out[0]).toBe(chunks[0]);
    expect(out[1]).toHaveLength(2);
    expect(out[1]?.buffer).toBe(chunks[1]?.buffer);
  });

  it(
    'completes with the last byte and lets the source go',
    marbles((m) => {
      const source = m.hot('-a-b-c-d-|', { a: utf8('12'), b: utf8('34'), c: utf8('56'), d: utf8('78') });
      m.expect(source.pipe(takeBytes(5), map(String))).toBeObservable('-a-b-(c|)', { a: '49,50', b: '51,52', c: '53' });
      m.expect(m.cold('-#').pipe(takeBytes(5))).toBeObservable('-#');
      m.expect(source).toHaveSubscriptions('^----!');
    }),
  );

  it.each([0, 2])('over a message, the rest of the body is cancelled after %i bytes', (count) => {
    const log: string[] = [];
    const body = new UnicastSubject<Uint8Array>({ cancelled: () => log.push('cancelled') });
    body.next(utf8('abc'));
    expect(seen(of(message(body)).pipe(takeBytes(count), toArray(), joined))).toEqual([
      'ab'.slice(0, count),
      'complete',
    ]);
    expect(log).toEqual(['cancelled']);
  });

  it('asks for no more than it needs', () => {
    const credit = creditSource({ size: 1000, window: 1000 });
    expect(seen(credit.bytes.pipe(takeBytes(2500), toArray(), joined))[1]).toBe('complete');
    expect(credit).toMatchObject({ sent: 3, unreturned: 0 });
  });

  it('stops with its consumer', () => {
    expect(seen(of(utf8('a'), utf8('b')).pipe(takeBytes(2), take(1), map(String)))).toEqual(['97', 'complete']);
  });
});

it.each([-1, 1.5, NaN, Infinity])('%d is no count', (count) => {
  expect(() => takeBytes(count)).toThrow(expect.objectContaining({ name: 'UsageError', code: 'INVALID_COUNT' }));
});
