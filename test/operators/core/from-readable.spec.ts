import { PassThrough, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { take, timer, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { hold } from '../../../operators/core/deliver.js';
import { fromReadable } from '../../../operators/core/from-readable.js';
import { holdMap } from '../../../operators/core/hold-map.js';

interface Seen {
  readonly values: unknown[];
  readonly end: unknown;
}

function seen(source: Observable<unknown>): Promise<Seen> {
  return new Promise((resolve) => {
    const values: unknown[] = [];
    source.subscribe({
      next: (value) => values.push(value),
      error: (end: unknown) => resolve({ values, end }),
      complete: () => resolve({ values, end: 'complete' }),
    });
  });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a Node.js stream', () => {
  it('gives its chunks as they are and completes', async () => {
    const source = Readable.from([Buffer.from('a'), Buffer.from('b')], { objectMode: false });
    const { values, end } = await seen(fromReadable(source));
    expect(Buffer.concat(values as Buffer[]).toString()).toBe('ab');
    expect(end).toBe('complete');
  });

  it('gives an empty one', async () => {
    expect(await seen(fromReadable(Readable.from([])))).toEqual({ values: [], end: 'complete' });
  });

  it('is paused while a chunk is held, and goes on after', async () => {
    const source = new PassThrough();
    let release: (() => void) | undefined;
    const received: string[] = [];
    fromReadable<Buffer>(source).subscribe((chunk) => {
      received.push(chunk.toString());
      release = hold();
    });
    source.write('a');
    await turn();
    source.write('b');
    await turn();
    expect(received).toEqual(['a']);
    expect(source.isPaused()).toBe(true);
    release?.();
    await turn();
    expect(received).toEqual(['a', 'b']);
  });

  it('reads ahead no further than its own buffer while its consumer is slow', async () => {
    let read = 0;
    let handled = 0;
    let ahead = 0;
    const source = new Readable({
      highWaterMark: 4096,
      read() {
        this.push(read < 100_000 ? Buffer.alloc(1000) : null);
        read += 1000;
      },
    });
    await seen(
      fromReadable(source).pipe(
        holdMap((chunk) => {
          ahead = Math.max(ahead, read - handled);
          handled += chunk.length;
          return timer(0);
        }),
      ),
    );
    expect(handled).toBe(100_000);
    expect(ahead).toBeLessThanOrEqual(4096 + 2000);
  });

  it('starts one that was paused', async () => {
    const source = Readable.from(['a']);
    source.pause();
    expect(await seen(fromReadable(source))).toEqual({ values: ['a'], end: 'complete' });
  });

  it('passes its error', async () => {
    const source = new PassThrough();
    const result = seen(fromReadable(source));
    source.destroy(new Error('broken'));
    expect(await result).toMatchObject({ end: { message: 'broken' } });
  });

  it('fails when it is closed before its end', async () => {
    const source = new PassThrough();
    const result = seen(fromReadable(source));
    source.destroy();
    expect(await result).toMatchObject({ end: { name: 'UsageError', code: 'SOURCE_CLOSED' } });
  });

  it('fails when it has ended or was destroyed before', async () => {
    const ended = Readable.from(['a']);
    ended.resume();
    await finished(ended);
    expect(await seen(fromReadable(ended))).toMatchObject({ end: { code: 'SOURCE_CLOSED' } });
    const destroyed = new PassThrough();
    destroyed.on('error', () => undefined).destroy(new Error('earlier'));
    await turn();
    expect(await seen(fromReadable(destroyed))).toMatchObject({ end: { message: 'earlier' } });
  });

  it('is destroyed when it is left, and its later errors do not end the process', async () => {
    const source = new PassThrough();
    fromReadable(source).pipe(take(1)).subscribe();
    source.write('a');
    await turn();
    expect(source.destroyed).toBe(true);
    source.emit('error', new Error('late'));
  });
});

it('reads a web stream and an async iterable', async () => {
  expect(await seen(fromReadable(new Blob(['ab']).stream()))).toMatchObject({
    values: [{ length: 2 }],
    end: 'complete',
  });
  async function* values() {
    yield 1;
  }
  expect(await seen(fromReadable(values()))).toEqual({ values: [1], end: 'complete' });
});
