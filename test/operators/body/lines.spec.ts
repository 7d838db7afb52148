import { EMPTY, map, of, Subject, take, timer, toArray, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { BodyInput } from '../../../operators/body/body-of.js';
import { lines, type LinesConfig } from '../../../operators/body/lines.js';
import { deliver, hold } from '../../../operators/core/deliver.js';
import { holdMap } from '../../../operators/core/hold-map.js';
import { pullIterable } from '../../../operators/core/pull.js';
import { randomCuts, splits } from '../../support/every-split.js';
import { marbles } from '../../support/marbles.js';
import { creditSource } from '../core/credit-source.js';
import { message, seen, utf8 } from './bodies.js';

function split(source: Observable<BodyInput>, config?: LinesConfig): unknown {
  const [all, end] = seen(source.pipe(lines(config), toArray()));
  expect(end === 'complete' || String(all).startsWith('error')).toBe(true);
  return all;
}

describe('lines', () => {
  it.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['\n', ['']],
    ['\n\n', ['', '']],
    ['a\nb', ['a', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['a\n\r\n\nb', ['a', '', '', 'b']],
    ['a\rb\n', ['a\rb']],
    ['a\r\r\n', ['a\r']],
    ['é€😀\nx', ['é€😀', 'x']],
    ['\ufeffa\n\ufeffb', ['a', '\ufeffb']],
    ['\ufeff\na', ['', 'a']],
  ])('%j, under every chunking', (body, expected) => {
    const all = utf8(body);
    for (const chunks of [...splits(all), randomCuts(all, 7)]) expect(split(of(...chunks))).toEqual(expected);
  });

  it('none, and over messages', () => {
    expect(split(EMPTY)).toEqual([]);
    expect(split(of(message('a\nb'), message('c')))).toEqual(['a', 'b', 'c']);
  });

  it('by the charset of the message, or of the option', () => {
    const latin = message(of(Uint8Array.of(0xe9, 10)), { 'content-type': 'text/plain; charset=latin1' });
    expect(split(of(latin))).toEqual(['é']);
    expect(split(of(Uint8Array.of(0xe9)), { charset: 'latin1' })).toEqual(['é']);
    expect(split(of(Uint8Array.of(0xe9)))).toEqual(['\ufffd']);
    for (const charset of ['utf-16le', 'UTF-16BE', 'nope']) {
      expect(seen(of(utf8('a')).pipe(lines({ charset })))).toEqual(['error UNSUPPORTED_CHARSET']);
    }
  });

  it(
    'come with the chunk that ends them',
    marbles((m) => {
      const chunks = { a: utf8('x\ny'), b: utf8('z\r'), c: utf8('\nlast') };
      const source = m.hot('a----b--c--|', chunks);
      const expected = { p: 'x', q: 'yz', r: 'last' };
      m.expect(source.pipe(lines())).toBeObservable('p-------q--(r|)', expected);
      m.expect(source.pipe(lines()), '------!').toBeObservable('p------', expected);
      m.expect(m.cold('a--#', chunks).pipe(lines())).toBeObservable('p--#', expected);
      m.expect(source).toHaveSubscriptions(['^----------!', '^-----!']);
    }),
  );
});

describe('the limit', () => {
  const tooLong = 'error LINE_TOO_LONG';

  it.each(['abcd\n', 'abcd\r\n', 'abcd', 'abcd\r'])('takes %j with maxLength 4, under every chunking', (body) => {
    for (const chunks of splits(utf8(body))) expect(split(of(...chunks), { maxLength: 4 })).toEqual(['abcd']);
  });

  it.each(['abcde\n', 'abcde\r\n', 'abcde', 'abcde\r'])('refuses %j, under every chunking', (body) => {
    for (const chunks of splits(utf8(body))) expect(split(of(...chunks), { maxLength: 4 })).toBe(tooLong);
  });

  it('gives the lines before the one that is too long', () => {
    expect(seen(of(utf8('a\nb\nccc\n')).pipe(lines({ maxLength: 2 })))).toEqual(['a', 'b', tooLong]);
  });

  it('is 1 MiB unless told otherwise, and stops an endless line there', () => {
    const credit = creditSource({
      count: 1000,
      size: 65536,
      window: 65536,
      make: () => new Uint8Array(65536).fill(97),
    });
    let error: unknown;
    credit.bytes.pipe(lines()).subscribe({ error: (found: unknown) => (error = found) });
    expect(error).toMatchObject({ name: 'ProtocolError', scope: 'message', limit: 'maxLength' });
    expect(credit).toMatchObject({ sent: 17, unreturned: 0 });
  });
});

describe('credit', () => {
  it('a chunk is held by its pending lines, a partial line holds nothing', () => {
    const credit = creditSource({ count: 3, size: 5, window: 5, make: () => utf8('ab\ncd') });
    const held: (() => void)[] = [];
    const log: string[] = [];
    credit.bytes.pipe(lines()).subscribe((line) => {
      log.push(line);
      held.push(hold());
    });
    expect(log).toEqual(['ab']);
    expect(credit.sent).toBe(1);
    held[0]?.();
    expect(log).toEqual(['ab', 'cdab']);
    held[1]?.();
    held[2]?.();
    expect(log).toEqual(['ab', 'cdab', 'cdab', 'cd']);
  });

  it(
    'ten lines of a chunk are worked off before the next is pulled',
    marbles((m) => {
      const source = pullIterable([utf8('a\nb\n'), utf8('c\n')]);
      m.expect(
        source.pipe(
          lines(),
          holdMap((line) => timer(2).pipe(map(() => line))),
        ),
      ).toBeObservable('--a-b-(c|)');
    }),
  );
});

describe('a consumer that', () => {
  it('has enough stops the loop', () => {
    expect(seen(of(utf8('a\nb\nc\n')).pipe(lines(), take(2)))).toEqual(['a', 'b', 'complete']);
  });

  it('sends into the source while it is given a line gets it in order, with its credit', () => {
    const source = new Subject<Uint8Array>();
    const log: string[] = [];
    const back: string[] = [];
    source.pipe(lines()).subscribe({
      next(line) {
        log.push(line);
        if (line === 'a') deliver(source, utf8('c\nd'), () => back.push('cd'));
        if (line === 'b') source.complete();
      },
      complete: () => log.push('complete'),
    });
    source.next(utf8('a\nb\n'));
    expect(log).toEqual(['a', 'b', 'c', 'd', 'complete']);
    expect(back).toEqual(['cd']);
  });

  it('does so and leaves gets all credit back', () => {
    const source = new Subject<Uint8Array>();
    const back: string[] = [];
    source.pipe(lines(), take(2)).subscribe((line) => {
      if (line === 'a') deliver(source, utf8('c\n'), () => back.push('c'));
    });
    source.next(utf8('a\nb\n'));
    expect(back).toEqual(['c']);
  });
});
