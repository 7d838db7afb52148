import { concat, EMPTY, of, Subject, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver } from '../../../operators/core/deliver.js';
import { toReadableStream } from '../../../operators/core/to-readable-stream.js';
import { creditSource } from './credit-source.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const textOf = (stream: ReadableStream<Uint8Array>): Promise<string> => new Response(stream).text();
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('what it gives', () => {
  it('is none, one, many', async () => {
    expect(await textOf(toReadableStream(EMPTY))).toBe('');
    expect(await textOf(toReadableStream(of(bytes('a'))))).toBe('a');
    expect(await textOf(toReadableStream(of(bytes('a'), bytes('b'))))).toBe('ab');
  });

  it('is the error of the source', async () => {
    const stream = toReadableStream(
      concat(
        of(bytes('a')),
        throwError(() => new Error('source')),
      ),
    );
    await expect(textOf(stream)).rejects.toThrow('source');
  });

  it('reads nothing before it is read', async () => {
    const credit = creditSource();
    toReadableStream(credit.bytes);
    await turn();
    expect(credit.subscriptions).toBe(0);
  });
});

describe('credit', () => {
  const sender = () => {
    const source = new Subject<Uint8Array>();
    const back: string[] = [];
    return { source, back, send: (text: string) => deliver(source, bytes(text), () => back.push(text)) };
  };

  it('a chunk is held until the next read', async () => {
    const { source, back, send } = sender();
    const reader = toReadableStream(source).getReader();
    const first = reader.read();
    await turn();
    send('a');
    send('b');
    await first;
    expect(back).toEqual([]);
    await reader.read();
    source.complete();
    expect(await reader.read()).toMatchObject({ done: true });
    expect(back).toEqual(['a', 'b']);
  });

  it('does not stay with a reader that waits for several chunks', async () => {
    const { source, back, send } = sender();
    const reader = toReadableStream(source).getReader();
    const reads = [reader.read(), reader.read()];
    await turn();
    send('a');
    expect(back).toEqual(['a']);
    send('b');
    expect(back).toEqual(['a']);
    await Promise.all(reads);
    await reader.cancel();
    expect(back).toEqual(['a', 'b']);
  });

  it('comes back at an end nobody has read yet', async () => {
    for (const end of ['complete', 'error'] as const) {
      const { source, back, send } = sender();
      const reader = toReadableStream(source).getReader();
      const first = reader.read();
      await turn();
      send('a');
      source[end](new Error('end'));
      await first;
      expect(back).toEqual(['a']);
      reader.closed.catch(() => undefined);
    }
  });

  it('with a strategy, chunks below its mark are not held', async () => {
    const { source, back, send } = sender();
    toReadableStream(source, new ByteLengthQueuingStrategy({ highWaterMark: 2 }));
    await turn();
    for (const text of ['a', 'b', 'c']) send(text);
    expect(back).toEqual(['a']);
  });

  it('cancelling it unsubscribes and gives all back', async () => {
    const credit = creditSource({ window: 3000 });
    const reader = toReadableStream(credit.bytes).getReader();
    await reader.read();
    expect(credit.unreturned).toBe(3000);
    await reader.cancel();
    expect(credit).toMatchObject({ unreturned: 0, unsubscriptions: 1, sent: 3 });
  });
});
