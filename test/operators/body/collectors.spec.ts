import { concat, EMPTY, NEVER, of, Subject, throwError, type Observable, type OperatorFunction } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { BodyInput } from '../../../operators/body/body-of.js';
import { bytes } from '../../../operators/body/bytes.js';
import type { CollectConfig } from '../../../operators/body/collect-bytes.js';
import { json } from '../../../operators/body/json.js';
import { text } from '../../../operators/body/text.js';
import { isProtocolError } from '../../../operators/core/protocol-error.js';
import { UnicastSubject } from '../../../operators/core/unicast-subject.js';
import { randomCuts, splits } from '../../support/every-split.js';
import { marbles } from '../../support/marbles.js';
import { creditSource } from '../core/credit-source.js';
import { message, seen, utf8 } from './bodies.js';

const MiB = 1024 * 1024;

/** The one value of a collector. */
function collected<R>(source: Observable<BodyInput>, collector: OperatorFunction<BodyInput, R>): R {
  const [value, end] = seen(source.pipe(collector));
  expect(end).toBe('complete');
  return value as R;
}

function errorOf(source: Observable<unknown>): unknown {
  let found: unknown;
  source.subscribe({ error: (error: unknown) => (found = error) });
  return found;
}

const kinds: [name: string, make: (config?: CollectConfig) => OperatorFunction<BodyInput, unknown>][] = [
  ['bytes', bytes],
  ['text', text],
  ['json', json],
];

describe.each(kinds)('%s', (_name, collector) => {
  const tooLarge = {
    name: 'ProtocolError',
    code: 'BODY_TOO_LARGE',
    scope: 'message',
    limit: 'maxBytes',
    wireCode: 413,
  };

  it('never-ending, an error of the source, early unsubscription', () => {
    marbles((m) => {
      const chunk = utf8('1');
      const source = m.hot('-a-a-#', { a: chunk });
      m.expect(m.cold('-a-', { a: chunk }).pipe(collector())).toBeObservable('---');
      m.expect(source.pipe(collector())).toBeObservable('-----#');
      m.expect(source.pipe(collector()), '--!').toBeObservable('---');
      m.expect(source).toHaveSubscriptions(['^----!', '^-!']);
    })();
  });

  it('takes exactly maxBytes, and not one more', () => {
    const source = of(utf8('12'), utf8('34'));
    expect(seen(source.pipe(collector({ maxBytes: 4 })))).toHaveLength(2);
    expect(errorOf(source.pipe(collector({ maxBytes: 3 })))).toMatchObject(tooLarge);
    expect(isProtocolError(errorOf(source.pipe(collector({ maxBytes: 0 }))))).toBe(true);
  });

  it('fails with the first chunk of a body whose head has declared more', () => {
    const collected = (declared: number): unknown => {
      let cancelled = 0;
      const body = new UnicastSubject<Uint8Array>({ cancelled: () => cancelled++ }, declared);
      body.next(utf8('12'));
      return [errorOf(body.pipe(collector({ maxBytes: 4 }))), cancelled];
    };
    expect(collected(5)).toEqual([expect.objectContaining(tooLarge), 1]);
    expect(collected(4)).toEqual([undefined, 0]);
    const overMessage = message(new UnicastSubject<Uint8Array>(undefined, 5));
    const log = seen(of(overMessage).pipe(collector({ maxBytes: 4 })));
    expect(log).toEqual([]); // a response to HEAD declares what does not come
    (overMessage.body as UnicastSubject<Uint8Array>).next(utf8('1'));
    expect(log).toEqual(['error BODY_TOO_LARGE']);
  });

  it('is capped at 10 MiB, and lets the source go at once', () => {
    const credit = creditSource({ count: 100, size: MiB, window: 8 * MiB, make: () => new Uint8Array(MiB).fill(32) });
    expect(errorOf(credit.bytes.pipe(collector()))).toMatchObject(tooLarge);
    expect(credit).toMatchObject({ sent: 11, unreturned: 0, unsubscriptions: 1 });
  });

  it('the cap can be lifted', () => {
    const source = concat(...Array.from({ length: 11 }, () => of(new Uint8Array(MiB).fill(32))), of(utf8('1')));
    expect(seen(source.pipe(collector({ maxBytes: Infinity })))[1]).toBe('complete');
  });

  it('over a message, cancels its body at the cap', () => {
    const body = new Subject<Uint8Array>();
    const log = seen(concat(of(message(body)), NEVER).pipe(collector({ maxBytes: 1 })));
    body.next(utf8('12'));
    expect(log).toEqual(['error BODY_TOO_LARGE']);
    expect(body.observed).toBe(false);
  });

  it('gives the credit of each chunk back as it is copied', () => {
    const credit = creditSource({ count: 20, size: 1, window: 1, make: () => utf8('1') });
    seen(credit.bytes.pipe(collector()));
    expect(credit).toMatchObject({ sent: 20, unreturned: 0, peak: 1 });
  });

  it('an error of the body over a message', () => {
    const failing = message(
      concat(
        of(utf8('1')),
        throwError(() => 'body'),
      ),
    );
    expect(seen(of(failing).pipe(collector()))).toEqual(['error body']);
  });
});

describe('bytes', () => {
  it('gives none, one, many', () => {
    expect(collected(EMPTY, bytes())).toEqual(new Uint8Array(0));
    expect(collected(of(utf8('a')), bytes())).toEqual(utf8('a'));
    expect(collected(of(utf8('a'), utf8(''), utf8('bc')), bytes())).toEqual(utf8('abc'));
    expect(collected(of(message('abc')), bytes())).toEqual(utf8('abc'));
  });

  it('under every chunking', () => {
    const all = utf8('The quick brown fox');
    for (const chunks of [...splits(all), randomCuts(all, 1)]) expect(collected(of(...chunks), bytes())).toEqual(all);
  });

  it('are of their own: neither the source nor a large buffer is kept', () => {
    const pool = new Uint8Array(65536).fill(1);
    const one = collected(of(pool.subarray(0, 10)), bytes());
    pool.fill(2);
    expect(one).toEqual(new Uint8Array(10).fill(1));
    expect(one.buffer.byteLength).toBe(10);
    const many = collected(of(new Uint8Array(1000), new Uint8Array(1000), new Uint8Array(10)), bytes());
    expect(many.buffer.byteLength).toBeLessThanOrEqual(2 * many.length);
  });
});

describe('text', () => {
  const euro = utf8('a€😀b');

  it('is the same under every chunking', () => {
    for (const chunks of splits(euro)) expect(collected(of(...chunks), text())).toBe('a€😀b');
  });

  it('drops a byte-order mark and replaces malformed bytes', () => {
    expect(collected(of(utf8('\ufeffa')), text())).toBe('a');
    expect(collected(of(Uint8Array.of(97, 0xff, 98)), text())).toBe('a\ufffdb');
    expect(collected(EMPTY, text())).toBe('');
  });

  it('fatal: malformed bytes are an error', () => {
    const error = errorOf(of(Uint8Array.of(0xff)).pipe(text({ fatal: true })));
    expect(error).toMatchObject({ name: 'ProtocolError', code: 'INVALID_TEXT', scope: 'message' });
    expect(errorOf(of(Uint8Array.of(0xe2, 0x82)).pipe(text({ fatal: true })))).toMatchObject({ code: 'INVALID_TEXT' });
  });

  it.each([
    ['text/plain', 'é'],
    ['text/plain; charset=iso-8859-1', 'Ã©'],
    ['text/plain;charset=UTF-8', 'é'],
    ['text/plain; x="; charset=latin1"; charset="utf-8"', 'é'],
    ['text/plain; x="a\\"; charset=latin1"; CharSet = "u\\tf-8"', 'é'],
    ['text/plain; charset', 'é'],
    ['text/plain; charset=latin1; charset=utf-8', 'Ã©'],
  ])('by the content type %s', (contentType, expected) => {
    const body = message(of(utf8('é')), { 'content-type': contentType });
    expect(collected(of(body), text())).toBe(expected);
  });

  it('by an option, which wins', () => {
    const body = message(of(Uint8Array.of(0xe9)), { 'content-type': 'text/plain; charset=utf-8' });
    expect(collected(of(body), text({ charset: 'latin1' }))).toBe('é');
    expect(collected(of(Uint8Array.of(0x61, 0)), text({ charset: 'utf-16le' }))).toBe('a');
  });

  it('a charset that is not known is an error, not a guess', () => {
    const body = message('a', { 'content-type': 'text/plain; charset=nope' });
    expect(errorOf(of(body).pipe(text()))).toMatchObject({ code: 'UNSUPPORTED_CHARSET', scope: 'message' });
    expect(seen(of(utf8('a')).pipe(text({ charset: '' })))).toEqual(['error UNSUPPORTED_CHARSET']);
  });
});

describe('json', () => {
  it('gives the value, under every chunking, over messages too', () => {
    const all = utf8('{"a":[1,"é"],"b":null}');
    for (const chunks of splits(all)) expect(collected(of(...chunks), json())).toEqual({ a: [1, 'é'], b: null });
    expect(collected(of(message('true')), json<boolean>())).toBe(true);
    expect(collected(of(utf8('\ufeff1')), json())).toBe(1);
  });

  it('is UTF-8 whatever the content type says', () => {
    const body = message('"é"', { 'content-type': 'application/json; charset=latin1' });
    expect(collected(of(body), json())).toBe('é');
  });

  it.each(['', '{', '{"a":1}x', 'undefined'])('%j is none', (body) => {
    const error = errorOf(of(utf8(body)).pipe(json()));
    expect(error).toMatchObject({ name: 'ProtocolError', code: 'INVALID_JSON', scope: 'message' });
    expect((error as Error).cause).toBeInstanceOf(SyntaxError);
  });

  it('__proto__ is a key like any other', () => {
    const value = collected(of(utf8('{"__proto__":{"polluted":true}}')), json<Record<string, unknown>>());
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.keys(value)).toEqual(['__proto__']);
  });
});
