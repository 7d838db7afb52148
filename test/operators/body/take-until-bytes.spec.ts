import { concat, map, NEVER, of, take, toArray, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { takeUntilBytes } from '../../../operators/body/take-until-bytes.js';
import { UnicastSubject } from '../../../operators/core/unicast-subject.js';
import { mulberry32, randomCuts, splits } from '../../support/every-split.js';
import { marbles } from '../../support/marbles.js';
import { creditSource } from '../core/credit-source.js';
import { message, seen, utf8 } from './bodies.js';

const joined = map((chunks: Uint8Array[]) => Buffer.concat(chunks).toString('latin1'));

/** The plain way, on the whole text. */
function expectedOf(body: string, pattern: string, include: boolean): string {
  const at = body.indexOf(pattern);
  return at < 0 ? body : body.slice(0, at + (include ? pattern.length : 0));
}

function until(source: Observable<Uint8Array>, pattern: string, include: boolean): unknown[] {
  return seen(source.pipe(takeUntilBytes(pattern, { include }), toArray(), joined));
}

describe.each([false, true])('include: %s', (include) => {
  it.each([
    ['abcdef', 'cd'],
    ['abcdef', 'a'],
    ['abcdef', 'f'],
    ['abcdef', 'abcdef'],
    ['abcdef', 'x'],
    ['abcdef', 'efg'],
    ['', 'x'],
    ['aaaaab', 'aab'],
    ['aabaabaac', 'aabaac'],
    ['ababababc', 'ababc'],
    ['head\r\n\r\nbody', '\r\n\r\n'],
    ['a\r\r\n\r\n', '\r\n\r\n'],
    ['--\r\n--x--xy', '--xy'],
  ])('%j until %j, under every chunking', (body, pattern) => {
    const all = utf8(body);
    for (const chunks of [...splits(all), randomCuts(all, 5, 3)]) {
      expect(until(of(...chunks), pattern, include)).toEqual([expectedOf(body, pattern, include), 'complete']);
    }
  });

  it('agrees with indexOf on random text of two letters', () => {
    const random = mulberry32(42);
    const letters = (count: number): string =>
      Array.from({ length: count }, () => (random() < 0.6 ? 'a' : 'b')).join('');
    for (let round = 0; round < 500; round++) {
      const body = letters(Math.floor(random() * 60));
      const pattern = letters(1 + Math.floor(random() * 6));
      const chunks = randomCuts(utf8(body), round, 8);
      expect(until(of(...chunks), pattern, include)).toEqual([expectedOf(body, pattern, include), 'complete']);
    }
  });

  it('does not wait for more once the pattern is there', () => {
    expect(until(concat(of(utf8('ab|cd')), NEVER), '|', include)).toEqual([include ? 'ab|' : 'ab', 'complete']);
  });
});

it(
  'keeps back only what may be the start of the pattern',
  marbles((m) => {
    const chunks = { a: utf8('xy<'), b: utf8('z'), c: utf8('<'), d: utf8('<'), e: utf8('!') };
    const text = map((chunk: Uint8Array) => Buffer.from(chunk).toString());
    const expected = { a: 'xy', b: '<', c: 'z', d: '<' };
    const source = m.hot('a----b----c--d--e--|', chunks);
    m.expect(source.pipe(takeUntilBytes('<!'), text)).toBeObservable('a----(bc)----d--|', expected);
    m.expect(source).toHaveSubscriptions('^---------------!');
    m.expect(m.cold('c--|', chunks).pipe(takeUntilBytes('<!'), text)).toBeObservable('---(d|)', expected);
    m.expect(m.cold('a--#', chunks).pipe(takeUntilBytes('<!'), text)).toBeObservable('a--#', expected);
  }),
);

it('takes bytes as a pattern, and is not changed by their owner later', () => {
  const pattern = Uint8Array.of(0, 255);
  const operator = takeUntilBytes(pattern);
  pattern.fill(7);
  expect(seen(of(Uint8Array.of(1, 0, 255, 2)).pipe(operator, map(String)))).toEqual(['1', 'complete']);
});

it('gives out nothing that shares memory with the pattern', () => {
  const out: Uint8Array[] = [];
  const operator = takeUntilBytes('ab', { include: true });
  for (let round = 0; round < 2; round++) {
    of(utf8('a'), utf8('b'))
      .pipe(operator)
      .subscribe((chunk) => out.push(chunk));
  }
  out[0]?.fill(0);
  expect(Buffer.concat(out.slice(2)).toString()).toBe('ab');
});

it('cancels the rest of the body of a message', () => {
  const log: string[] = [];
  const body = new UnicastSubject<Uint8Array>({ cancelled: () => log.push('cancelled') });
  body.next(utf8('a\nb'));
  expect(seen(of(message(body)).pipe(takeUntilBytes('\n'), map(String)))).toEqual(['97', 'complete']);
  expect(log).toEqual(['cancelled']);
});

it('asks for no more than it needs, and stops with its consumer', () => {
  const credit = creditSource({ window: 1000, make: (index) => new Uint8Array(1000).fill(index === 2 ? 10 : 97) });
  expect(seen(credit.bytes.pipe(takeUntilBytes('\n'), toArray(), joined))[1]).toBe('complete');
  expect(credit).toMatchObject({ sent: 3, unreturned: 0 });
  expect(seen(of(utf8('a<'), utf8('b<!')).pipe(takeUntilBytes('<!'), take(2), map(String)))).toEqual([
    '97',
    '60',
    'complete',
  ]);
});

it('an empty pattern is refused', () => {
  expect(() => takeUntilBytes('')).toThrow(expect.objectContaining({ name: 'UsageError', code: 'INVALID_PATTERN' }));
});
