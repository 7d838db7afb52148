import { EMPTY, from, of, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ndjson } from '../../../operators/body/ndjson.js';
import { splits } from '../../support/every-split.js';
import { marbles } from '../../support/marbles.js';
import { creditSource } from '../core/credit-source.js';
import { hold } from '../../../operators/core/deliver.js';
import { message, seen, utf8 } from './bodies.js';

describe('ndjson', () => {
  it.each([
    ['', []],
    ['1', [1]],
    ['{"a":"é"}\n', [{ a: 'é' }]],
    ['1\r\n\r\n\n2\n', [1, 2]],
    ['\ufeff[1]\nnull', [[1], null]],
  ])('%j, under every chunking', (body, expected) => {
    for (const chunks of splits(utf8(body)))
      expect(seen(from(chunks).pipe(ndjson()))).toEqual([...expected, 'complete']);
  });

  it('none, and over messages, in UTF-8 whatever they say', () => {
    expect(seen(EMPTY.pipe(ndjson()))).toEqual(['complete']);
    const latin = message('"é"\n1', { 'content-type': 'application/x-ndjson; charset=latin1' });
    expect(seen(of(latin).pipe(ndjson()))).toEqual(['é', 1, 'complete']);
  });

  it('names the line that is not JSON, after those before it', () => {
    let error: unknown;
    const values: unknown[] = [];
    of(utf8('1\n\n{\n2\n'))
      .pipe(ndjson())
      .subscribe({ next: (value) => values.push(value), error: (e) => (error = e) });
    expect(values).toEqual([1]);
    expect(error).toMatchObject({ code: 'INVALID_JSON', scope: 'message', message: 'line 3 of the body is not JSON' });
    expect((error as Error).cause).toBeInstanceOf(SyntaxError);
  });

  it('maxLength: met exactly, and passed by one', () => {
    expect(seen(of(utf8('"ab"\n')).pipe(ndjson({ maxLength: 4 })))).toEqual(['ab', 'complete']);
    expect(seen(of(utf8('"abc"\n')).pipe(ndjson({ maxLength: 4 })))).toEqual(['error LINE_TOO_LONG']);
  });

  it('has enough after take(1); a value that is held holds its chunk', () => {
    expect(seen(of(utf8('1\n2\n')).pipe(ndjson(), take(1)))).toEqual([1, 'complete']);
    const credit = creditSource({ count: 2, size: 2, window: 2, make: () => utf8('1\n') });
    let release = (): void => undefined;
    credit.bytes.pipe(ndjson()).subscribe(() => (release = hold()));
    expect(credit.sent).toBe(1);
    release();
    expect(credit.sent).toBe(2);
  });

  it(
    'comes with the chunk that ends a line; errors pass, leaving lets go',
    marbles((m) => {
      const chunks = { a: utf8('{"n":'), b: utf8('1}\n2\n') };
      const source = m.hot('a--b---#', chunks);
      const expected = { x: { n: 1 }, y: 2 };
      m.expect(source.pipe(ndjson())).toBeObservable('---(xy)#', expected);
      m.expect(source.pipe(ndjson()), '--!').toBeObservable('---', expected);
      m.expect(source).toHaveSubscriptions(['^------!', '^-!']);
    }),
  );
});
