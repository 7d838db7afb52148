import { map, of, Subject, throwError, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { holdMap } from '../../../operators/core/hold-map.js';
import { receiveWindow } from '../../../operators/http2/receive-window.js';
import { runMarbles } from '../../support/marbles.js';
import { describeError, text } from './frames.js';

describe('receiveWindow', () => {
  it('consumption on one line, credit on the other', () => {
    runMarbles(({ cold, expectObservable, flush }) => {
      const chunks = cold('        abcd------|', { a: text('a'), b: text('b'), c: text('c'), d: text('d') });
      const credit = new Subject<string>();
      const slow = chunks.pipe(
        receiveWindow({ size: 4, onUpdate: (increment) => credit.next(String(increment)) }),
        holdMap(() => cold('--x|'), { concurrent: 1 }),
      );
      expectObservable(credit).toBe('------2', { 2: '2' });
      expectObservable(slow).toBe('--x--x--x--x|');
      flush();
    });
  });

  it('gives nothing back that is held, and everything in batches of half the window', () => {
    const chunks = new Subject<Uint8Array>();
    const updates: number[] = [];
    const releases: Release[] = [];
    chunks
      .pipe(receiveWindow({ size: 10, onUpdate: (increment) => updates.push(increment) }))
      .subscribe(() => releases.push(hold()));
    for (let i = 0; i < 5; i++) chunks.next(text('ab'));
    expect(updates).toEqual([]);
    for (const release of releases) release();
    expect(updates).toEqual([6]);
    chunks.next(text('abcdef'));
    releases.at(-1)?.();
    expect(updates).toEqual([6, 10]);
  });

  it('is not the one that holds the source', () => {
    const chunks = new Subject<Uint8Array>();
    chunks.pipe(receiveWindow({ size: 10, onUpdate: () => undefined })).subscribe(() => hold());
    let consumed = 0;
    deliver(chunks, text('a'), () => consumed++);
    expect(consumed).toBe(1);
  });

  it('trap 27: refuses what is beyond the window', () => {
    const said: unknown[] = [];
    of(text('abcd'), text('e'))
      .pipe(
        receiveWindow({ size: 4, onUpdate: () => undefined }),
        map(() => hold()),
      )
      .subscribe({ next: () => said.push('chunk'), error: (error) => said.push(describeError(error)) });
    expect(said).toEqual(['chunk', 'stream FLOW_CONTROL_ERROR 3']);
  });

  it('passes values and errors, and is silent after the end', () => {
    const updates: number[] = [];
    const onUpdate = (increment: number): number => updates.push(increment);
    const passed: unknown[] = [];
    of(text('ab'))
      .pipe(receiveWindow({ size: 4, onUpdate }), toArray())
      .subscribe((list) => passed.push(...list));
    expect([passed, updates]).toEqual([[text('ab')], [2]]);
    let release: Release | undefined;
    of(text('ab'))
      .pipe(receiveWindow({ size: 4, onUpdate }))
      .subscribe(() => (release = hold()));
    release?.();
    expect(updates).toEqual([2]);
    throwError(() => new RangeError('mine'))
      .pipe(receiveWindow({ onUpdate }))
      .subscribe({ error: (error: Error) => passed.push(error.message) });
    expect(passed.at(-1)).toBe('mine');
  });
});
