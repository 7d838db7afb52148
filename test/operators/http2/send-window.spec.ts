import { fc, test } from '@fast-check/vitest';
import { from, map, NEVER, of, Subject, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { sendWindow, type SendWindowConfig } from '../../../operators/http2/send-window.js';
import { runMarbles } from '../../support/marbles.js';
import { describeError, joined, text } from './frames.js';

const asText = map((bytes: Uint8Array) => Buffer.from(bytes).toString('latin1'));
const asBytes = map((value: string) => text(value));

describe('sendWindow', () => {
  it('window credit on one line, chunks on the other', () => {
    runMarbles(({ cold, expectObservable }) => {
      const source = cold('    a-b-------------|', { a: 'ab', b: 'cdefghi' }).pipe(asBytes);
      const increments$ = cold('-----1---3-----------9', { 1: 1, 3: 3, 9: 9 });
      const expected = '       a-b--c---d-----------(e|)';
      const result = source.pipe(sendWindow({ initial: 4, increments$ }), asText);
      expectObservable(result).toBe(expected, { a: 'ab', b: 'cd', c: 'e', d: 'fgh', e: 'i' });
    });
  });

  it('a window below 0 must first come back', () => {
    runMarbles(({ cold, expectObservable }) => {
      const source = cold('  a-b--|     ', { a: 'ab', b: 'c' }).pipe(asBytes);
      const increments$ = cold('-1---2--3--', { 1: -5, 2: 3, 3: 1 });
      const expected = '     a-------(b|)';
      expectObservable(source.pipe(sendWindow({ initial: 4, increments$ }), asText)).toBe(expected, {
        a: 'ab',
        b: 'c',
      });
    });
  });

  it('several chunks leave on one credit; unsubscription reaches both', () => {
    runMarbles(({ cold, expectObservable, expectSubscriptions }) => {
      const chunks = cold('  abc-----', { a: text('a'), b: text('b'), c: text('c') });
      const increments$ = cold('----2---', { 2: 2 });
      expectObservable(chunks.pipe(sendWindow({ initial: 0, increments$ }), asText), '^------!').toBe('----(ab)');
      expectSubscriptions(chunks.subscriptions).toBe('^------!');
      expectSubscriptions(increments$.subscriptions).toBe('^------!');
    });
  });

  const run = (config: Partial<SendWindowConfig>, chunks = of(text('abcd'))): string[] => {
    const said: string[] = [];
    chunks.pipe(sendWindow({ increments$: NEVER, ...config }), asText).subscribe({
      next: (part) => said.push(part),
      error: (error: unknown) => said.push(error instanceof RangeError ? error.message : describeError(error)),
      complete: () => said.push('complete'),
    });
    return said;
  };

  it('nothing, empty chunks, and errors of either line', () => {
    expect(run({}, of())).toEqual(['complete']);
    expect(run({ initial: 0 }, of(text('')))).toEqual(['', 'complete']);
    expect(
      run(
        {},
        throwError(() => new RangeError('mine')),
      ),
    ).toEqual(['mine']);
    expect(run({ increments$: throwError(() => new RangeError('credit')) })).toEqual(['credit']);
    expect(run({ increments$: of(2 ** 31) })).toEqual(['stream FLOW_CONTROL_ERROR 3']);
    expect(run({ increments$: of(0.5) })).toEqual(['usage INVALID_INCREMENT']);
    expect(run({ initial: 1, increments$: of(1, 2) })).toEqual(['abcd', 'complete']);
  });

  it('holds the source while anything of its chunk waits or is held', () => {
    const chunks = new Subject<Uint8Array>();
    const increments$ = new Subject<number>();
    const releases: Release[] = [];
    const subscription = chunks.pipe(sendWindow({ initial: 2, increments$ })).subscribe(() => releases.push(hold()));
    const consumed: string[] = [];
    const send = (value: string): void => deliver(chunks, text(value), () => consumed.push(value));
    send('ab');
    send('cde');
    increments$.next(2);
    expect([releases.length, consumed]).toEqual([2, []]);
    releases[0]?.();
    releases[1]?.();
    expect(consumed).toEqual(['ab']);
    increments$.next(1);
    releases[2]?.();
    expect(consumed).toEqual(['ab', 'cde']);
    send('f');
    subscription.unsubscribe();
    expect(consumed).toEqual(['ab', 'cde', 'f']);
  });

  it('a source that does not wait fails loudly, by one byte', () => {
    const chunks = new Subject<Uint8Array>();
    const errors: string[] = [];
    chunks
      .pipe(sendWindow({ initial: 1, increments$: NEVER, maxQueued: 4 }))
      .subscribe({ error: (error) => errors.push(describeError(error)) });
    chunks.next(text('abcde'));
    expect(errors).toEqual([]);
    chunks.next(text('f'));
    expect(errors).toEqual(['usage SEND_OVERFLOW']);
  });

  it('credit that comes from inside an emission is used once', () => {
    const increments$ = new Subject<number>();
    const parts: string[] = [];
    from(['ab', 'cd'])
      .pipe(asBytes, sendWindow({ initial: 1, increments$ }), asText)
      .subscribe((part) => {
        parts.push(part);
        increments$.next(1);
      });
    expect(parts).toEqual(['a', 'b', 'c', 'd']);
  });

  test.prop([fc.array(fc.nat(20), { maxLength: 12 }), fc.array(fc.nat(30), { maxLength: 20 }), fc.nat(20)])(
    'C17: byte-exact whatever credit comes',
    (lengths, credits, initial) => {
      const increments$ = new Subject<number>();
      const chunks = lengths.map((length, i) => new Uint8Array(length).fill(i));
      const parts: Uint8Array[] = [];
      let done = false;
      const total = lengths.reduce((sum, length) => sum + length, 0);
      let granted = initial;
      from(chunks)
        .pipe(sendWindow({ initial, increments$ }))
        .subscribe({ next: (part) => parts.push(part), complete: () => (done = true) });
      for (const credit of credits) {
        granted += credit;
        increments$.next(credit);
        expect(joined(parts)).toHaveLength(Math.min(granted, total));
      }
      increments$.next(total);
      expect(joined(parts)).toEqual(joined(chunks));
      expect(done).toBe(true);
    },
  );
});
