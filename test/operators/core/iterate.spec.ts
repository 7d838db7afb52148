import { EMPTY, NEVER, Observable, of, Subject, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver } from '../../../operators/core/deliver.js';
import { iterate } from '../../../operators/core/iterate.js';
import { creditSource } from './credit-source.js';

async function collect<T>(source: Observable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of iterate(source)) values.push(value);
  return values;
}

it('gives none, one, many', async () => {
  expect(await collect(EMPTY)).toEqual([]);
  expect(await collect(of(1))).toEqual([1]);
  expect(await collect(of(1, 2, 3))).toEqual([1, 2, 3]);
});

it('subscribes with the first next()', async () => {
  const credit = creditSource({ count: 1 });
  const iterator = iterate(credit.bytes);
  expect(credit.subscriptions).toBe(0);
  await iterator.next();
  expect(credit.subscriptions).toBe(1);
});

it('rejects once with the error of the source, after the values before it', async () => {
  const source = new Subject<number>();
  const iterator = iterate(source);
  const first = iterator.next();
  source.next(1);
  source.next(2);
  source.error(new Error('source'));
  expect(await first).toEqual({ done: false, value: 1 });
  expect(await iterator.next()).toEqual({ done: false, value: 2 });
  await expect(iterator.next()).rejects.toThrow('source');
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
  await expect(collect(throwError(() => new Error('at once')))).rejects.toThrow('at once');
});

describe('several next() at a time', () => {
  it('are answered in order, and at the end all are done', async () => {
    const source = new Subject<number>();
    const iterator = iterate(source);
    const answers = Promise.all([iterator.next(), iterator.next(), iterator.next()]);
    source.next(1);
    source.next(2);
    source.complete();
    expect((await answers).map(({ value }) => value as number | undefined)).toEqual([1, 2, undefined]);
  });

  it('hold no value whose successor was asked for', async () => {
    const credit = creditSource({ count: 5, size: 1, window: 1 });
    const iterator = iterate(credit.bytes);
    const answers = await Promise.all([iterator.next(), iterator.next(), iterator.next()]);
    expect(answers.map(({ value }) => (value as Uint8Array)[0])).toEqual([0, 1, 2]);
    expect(credit.unreturned).toBe(1);
    await iterator.return?.();
    expect(credit.unreturned).toBe(0);
  });
});

describe('return and throw', () => {
  it('before the first next(): nothing is subscribed, ever', async () => {
    const credit = creditSource();
    const iterator = iterate(credit.bytes);
    expect(await iterator.return?.('value')).toEqual({ done: true, value: 'value' });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(credit.subscriptions).toBe(0);
  });

  it('end a next() that waits', async () => {
    const iterator = iterate(NEVER);
    const waiting = iterator.next();
    await iterator.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it('let the source go before credit comes back, so that nothing more is sent', async () => {
    const credit = creditSource({ window: 3000 });
    const iterator = iterate(credit.bytes);
    await iterator.next();
    expect(credit.sent).toBe(3);
    await expect(iterator.throw?.(new Error('thrown in'))).rejects.toThrow('thrown in');
    expect(credit).toMatchObject({ sent: 3, unreturned: 0, unsubscriptions: 1 });
  });
});

it('a value is held from its arrival until the next is asked for', async () => {
  const back: string[] = [];
  const source = new Subject<string>();
  const iterator = iterate(source);
  const first = iterator.next();
  for (const value of 'ab') deliver(source, value, (returned) => back.push(returned));
  await first;
  expect(back).toEqual([]);
  await iterator.next();
  expect(back).toEqual(['a']);
  const third = iterator.next();
  expect(back).toEqual(['a', 'b']);
  source.complete();
  await third;
});
