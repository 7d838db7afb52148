import { Readable } from 'node:stream';
import { lastValueFrom, type ObservableInput, of, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { hold, type Release } from '../../../operators/core/deliver.js';
import { pullInput } from '../../../operators/core/pull-input.js';

async function* later(): AsyncGenerator<string> {
  yield await Promise.resolve('a');
  yield 'b';
}

describe('pullInput', () => {
  it.each<[string, () => ObservableInput<string>]>([
    ['an array', () => ['a', 'b']],
    ['an iterator', () => ['a', 'b'].values()],
    ['an async iterable', later],
    ['a web stream', () => new Blob(['ab']).stream().pipeThrough(new TextDecoderStream()) as never],
    ['a stream of Node', () => Readable.from(['a', 'b']) as never],
  ])('%s is asked for what it has', async (_, make) => {
    const all = await lastValueFrom((pullInput(make()) as NonNullable<ReturnType<typeof pullInput>>).pipe(toArray()));
    expect(all.join('')).toBe('ab');
  });

  it('one by one', () => {
    const seen: string[] = [];
    const releases: Release[] = [];
    pullInput(['a', 'b'])?.subscribe((value) => {
      seen.push(value);
      releases.push(hold());
    });
    expect(seen).toEqual(['a']);
    releases[0]?.();
    expect(seen).toEqual(['a', 'b']);
  });

  it.each<[string, ObservableInput<string>]>([
    ['an Observable', of('a')],
    ['a promise', Promise.resolve('a')],
    ['text', 'a' as never],
  ])('%s is not', (_, input) => {
    expect(pullInput(input)).toBeUndefined();
  });
});
