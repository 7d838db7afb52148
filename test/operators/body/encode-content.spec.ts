import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { lastValueFrom, of, Subject, toArray, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { ContentCoding } from '../../../operators/body/content-coding.js';
import { decodeContent } from '../../../operators/body/decode-content.js';
import { encodeContent, type EncodeContentConfig } from '../../../operators/body/encode-content.js';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { utf8 } from './bodies.js';

const collect = (source: Observable<Uint8Array>): Promise<Buffer> =>
  lastValueFrom(source.pipe(toArray())).then((parts) => Buffer.concat(parts));
const TEXT = 'hello hello hello '.repeat(500);

describe('encodeContent', () => {
  it.each([
    ['gzip', gunzipSync],
    ['deflate', inflateSync],
    ['br', brotliDecompressSync],
  ] as const)('%s is what Node reads', async (coding, decode) => {
    for (const level of [undefined, 1, 9]) {
      const config = level === undefined ? {} : { level };
      const coded = await collect(of(utf8(TEXT), utf8('more')).pipe(encodeContent(coding, config)));
      expect(decode(coded).toString()).toBe(`${TEXT}more`);
      expect(coded.length).toBeLessThan(200);
    }
    expect(decode(await collect(of<Uint8Array>().pipe(encodeContent(coding)))).length).toBe(0);
  });

  it.each([
    ['gzip', { flush: true }],
    ['deflate', { flush: true }],
    ['br', { flush: true }],
  ] satisfies [ContentCoding, EncodeContentConfig][])('%s flushed after each chunk', async (coding, config) => {
    const source = new Subject<Uint8Array>();
    const out: string[] = [];
    source
      .pipe(encodeContent(coding, config), decodeContent({ codings: coding }))
      .subscribe((bytes) => out.push(Buffer.from(bytes).toString()));
    for (const text of ['one', 'two']) {
      source.next(utf8(text));
      await expect.poll(() => out.at(-1)).toBe(text);
    }
    source.complete();
  });

  it('flushed by a notifier, without which nothing comes', async () => {
    const source = new Subject<Uint8Array>();
    const flush = new Subject<void>();
    const sizes: number[] = [];
    const released: number[] = [];
    const subscription = source.pipe(encodeContent('br', { flush })).subscribe((coded) => sizes.push(coded.length));
    deliver(source, utf8('one'), () => released.push(1));
    await expect.poll(() => released).toEqual([1]);
    expect(sizes).toEqual([]);
    flush.next();
    await expect.poll(() => sizes.length).toBe(1);
    subscription.unsubscribe();
    expect(flush.observed || source.observed).toBe(false);
  });

  it('a notifier that is faster than the consumer piles nothing up', async () => {
    const source = new Subject<Uint8Array>();
    const flush = new Subject<void>();
    const releases: Release[] = [];
    const subscription = source.pipe(encodeContent('gzip', { flush })).subscribe(() => releases.push(hold()));
    source.next(utf8(TEXT));
    flush.next();
    await expect.poll(() => releases.length).toBeGreaterThan(0);
    let waiting = 0;
    for (let i = 0; i < 100; i++) {
      waiting++;
      deliver(flush, undefined, () => waiting--);
    }
    expect(waiting).toBeLessThan(2);
    subscription.unsubscribe();
    expect(waiting).toBe(0);
  });

  it('an error of the notifier is one of the body', async () => {
    const flush = new Subject<void>();
    const source = new Subject<Uint8Array>();
    const coded = lastValueFrom(source.pipe(encodeContent('gzip', { flush })));
    flush.error(new Error('boom'));
    await expect(coded).rejects.toThrow('boom');
    expect(source.observed).toBe(false);
  });

  it('holds a chunk until its coded bytes were consumed', async () => {
    const source = new Subject<Uint8Array>();
    const releases: Release[] = [];
    let released = 0;
    const subscription = source.pipe(encodeContent('gzip', { flush: true })).subscribe(() => releases.push(hold()));
    for (let i = 0; i < 2; i++) deliver(source, utf8(TEXT), () => released++);
    await expect.poll(() => releases.length).toBeGreaterThan(0);
    expect(released).toBe(0);
    subscription.unsubscribe();
    expect(released).toBe(2);
  });

  it('refuses codings it cannot do at once', () => {
    for (const coding of ['compress', 'constructor', 'identity']) {
      expect(() => encodeContent(coding as ContentCoding)).toThrow(expect.objectContaining({ code: 'UNKNOWN_CODING' }));
    }
  });
});
