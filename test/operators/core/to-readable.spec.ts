import { once } from 'node:events';
import { Writable, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { concat, EMPTY, NEVER, of, Subject, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver } from '../../../operators/core/deliver.js';
import { toReadable } from '../../../operators/core/to-readable.js';
import { creditSource } from './credit-source.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);

async function textOf(readable: Readable): Promise<string> {
  let text = '';
  for await (const chunk of readable as AsyncIterable<Buffer>) text += chunk.toString();
  return text;
}

describe('what it gives', () => {
  it('is none, one, many', async () => {
    expect(await textOf(toReadable(EMPTY))).toBe('');
    expect(await textOf(toReadable(of(bytes('a'))))).toBe('a');
    expect(await textOf(toReadable(of(bytes('a'), bytes(''), bytes('b'))))).toBe('ab');
  });

  it('subscribes with the first read', () => {
    const credit = creditSource();
    const readable = toReadable(credit.bytes);
    expect(credit.subscriptions).toBe(0);
    readable.read(0);
    expect(credit.subscriptions).toBe(1);
    readable.destroy();
  });

  it('ends with the error of the source, after what came before', async () => {
    const readable = toReadable(
      concat(
        of(bytes('a')),
        throwError(() => new Error('source')),
      ),
    );
    await expect(textOf(readable)).rejects.toThrow('source');
  });

  it('makes an Error of one that is none', async () => {
    const readable = toReadable(throwError(() => 'a string'));
    await expect(textOf(readable)).rejects.toMatchObject({ message: 'the source failed', cause: 'a string' });
  });
});

describe('credit', () => {
  it('chunks beyond the high-water mark are held until they are read', () => {
    const source = new Subject<Uint8Array>();
    const readable = toReadable(source, { highWaterMark: 2 });
    readable.read(0);
    const back: string[] = [];
    const send = (text: string): void => deliver(source, bytes(text), () => back.push(text));
    for (const text of ['a', 'b', 'c']) send(text);
    expect(back).toEqual(['a']);
    expect(String(readable.read())).toBe('abc');
    expect(back).toEqual(['a', 'b', 'c']);
    readable.destroy();
  });

  it('a slow Writable at the end of a pipeline stops the source', async () => {
    const credit = creditSource({ window: 4000 });
    let written = 0;
    let ahead = 0;
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        ahead = Math.max(ahead, credit.sent * 1000 - written);
        written += chunk.length;
        setImmediate(done);
      },
    });
    await pipeline(toReadable(credit.bytes, { highWaterMark: 2000 }), slow);
    expect(written).toBe(200_000);
    expect(ahead).toBeLessThanOrEqual(4000 + 2000 + 2000);
    expect(credit).toMatchObject({ unreturned: 0 });
    expect(credit.peak).toBeLessThanOrEqual(4000);
  });

  it('destroying it unsubscribes and gives all back', async () => {
    const credit = creditSource({ window: 8000 });
    const readable = toReadable(credit.bytes, { highWaterMark: 1 });
    await once(readable, 'readable');
    readable.destroy();
    expect(credit).toMatchObject({ unreturned: 0, unsubscriptions: 1 });
  });

  it('destroying it before it was read does nothing', () => {
    expect(toReadable(NEVER).destroy().destroyed).toBe(true);
  });
});
