import { deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { concat, from, lastValueFrom, NEVER, Observable, of, Subject, throwError, toArray, type Observer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import {
  deflateTransferCoding,
  gzipTransferCoding,
  inflateTransferCoding,
  type InflateLimits,
} from '../../../operators/http1/transfer-coding.js';
import { randomCuts } from '../../support/every-split.js';
import { bytesOf, textOf } from './support.js';

const all = (source: Observable<Uint8Array>): Promise<Buffer> =>
  lastValueFrom(source.pipe(toArray())).then((parts) => Buffer.concat(parts));
const inflate = (bytes: Uint8Array, coding = 'gzip', limits?: InflateLimits): Promise<string> =>
  all(of(bytes).pipe(inflateTransferCoding(coding, limits))).then(
    (out) => textOf(out),
    (error: { code: string; limit?: string; scope: string }) => [error.code, error.limit, error.scope].join(' '),
  );
const ticks = (milliseconds = 20): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const TEXT = 'hello hello hello '.repeat(1000);

describe('encoding', () => {
  it('gzip is really gzip, deflate is zlib', async () => {
    const gzipped = await all(of(bytesOf(TEXT), bytesOf('more')).pipe(gzipTransferCoding()));
    expect([gzipped[0], gzipped[1]]).toEqual([0x1f, 0x8b]);
    expect(gunzipSync(gzipped).toString()).toBe(`${TEXT}more`);
    const deflated = await all(of(bytesOf(TEXT)).pipe(deflateTransferCoding()));
    expect(deflated[0]).toBe(0x78);
    expect(inflateSync(deflated).toString()).toBe(TEXT);
    expect(gunzipSync(await all(of<Uint8Array>().pipe(gzipTransferCoding()))).length).toBe(0);
  });

  it('what went in can come out at once', async () => {
    const source = new Subject<Uint8Array>();
    const out: string[] = [];
    source.pipe(gzipTransferCoding(), inflateTransferCoding('gzip')).subscribe((bytes) => out.push(textOf(bytes)));
    for (const text of ['one', 'two', 'three']) {
      source.next(bytesOf(text));
      await expect.poll(() => out.at(-1)).toBe(text);
    }
    source.complete();
  });

  it('holds a chunk until its coded bytes were consumed', async () => {
    const source = new Subject<Uint8Array>();
    const releases: Release[] = [];
    let released = 0;
    const subscription = source.pipe(gzipTransferCoding()).subscribe(() => releases.push(hold()));
    const send = (): void => deliver(source, bytesOf(TEXT), () => released++);
    send();
    send();
    expect(released).toBe(0);
    await expect.poll(() => releases.length).toBeGreaterThan(0);
    await ticks();
    expect(released).toBe(0);
    const first = releases.splice(0);
    for (const release of first) release();
    expect(released).toBe(1);
    subscription.unsubscribe();
    expect(released).toBe(2);
  });
});

describe('inflateTransferCoding', () => {
  it('inflates, however the bytes are cut', async () => {
    for (const [coding, bytes] of [
      ['gzip', gzipSync(TEXT)],
      ['deflate', deflateSync(TEXT)],
    ] as const) {
      expect(await inflate(bytes, coding)).toBe(TEXT);
      for (let seed = 0; seed < 5; seed++) {
        expect(textOf(await all(from(randomCuts(bytes, seed)).pipe(inflateTransferCoding(coding))))).toBe(TEXT);
      }
    }
    expect(await inflate(Buffer.concat([gzipSync('a'), gzipSync('b')]))).toBe('ab');
  });

  it('an empty body is empty', async () => {
    expect((await all(of<Uint8Array>().pipe(inflateTransferCoding('gzip')))).length).toBe(0);
    expect((await all(of(new Uint8Array(0)).pipe(inflateTransferCoding('gzip')))).length).toBe(0);
  });

  it.each([
    ['gzip', bytesOf('not gzip')],
    ['gzip', gzipSync(TEXT).subarray(0, 40)],
    ['gzip', gzipSync('').subarray(0, 1)],
    ['gzip', Buffer.concat([gzipSync('a'), bytesOf('xx')])],
    ['gzip', Buffer.concat([gzipSync('a'), Buffer.alloc(8)])],
    ['gzip', deflateSync('a')],
    ['deflate', deflateRawSync(TEXT)],
    ['deflate', Buffer.concat([deflateSync('a'), bytesOf('x')])],
  ])('%s: refuses %j', async (coding, bytes) => {
    expect(await inflate(bytes, coding)).toBe('BAD_CODED_BODY  message');
  });

  it('refuses unknown codings at once', () => {
    expect(() => inflateTransferCoding('br')).toThrow(expect.objectContaining({ code: 'UNKNOWN_CODING' }));
  });

  it('maxOutput: met exactly, and passed by one', async () => {
    expect(await inflate(gzipSync('12345'), 'gzip', { maxOutput: 5 })).toBe('12345');
    expect(await inflate(gzipSync('12345'), 'gzip', { maxOutput: 4 })).toBe('DECODED_BODY_LIMIT maxOutput message');
  });

  it('maxRatio: a bomb is stopped near the first MiB', async () => {
    const bomb = gzipSync(new Uint8Array(32 * 1_048_576));
    let out = 0;
    const failed = await lastValueFrom(
      of(bomb).pipe(
        inflateTransferCoding('gzip', { maxRatio: 100 }),
        (source) => new Observable<unknown>((to) => source.subscribe(countInto(to, (n) => (out += n)))),
      ),
      { defaultValue: undefined },
    );
    expect(failed).toMatchObject({ code: 'DECODED_BODY_LIMIT', limit: 'maxRatio' });
    // A chunk that came in whole counts whole: 32 KiB at 100 is 3.2 MiB.
    expect(out).toBeLessThan(4 * 1_048_576);
    expect(await inflate(gzipSync(new Uint8Array(1_048_576)), 'gzip', { maxRatio: 1 })).toHaveLength(1_048_576);
  });

  it('what one chunk became is not all let out while it is held', async () => {
    const source = new Subject<Uint8Array>();
    const releases: Release[] = [];
    let out = 0;
    let released = false;
    const subscription = source.pipe(inflateTransferCoding('gzip')).subscribe((bytes) => {
      out += bytes.length;
      releases.push(hold());
    });
    const bytes = Buffer.from(TEXT.repeat(120));
    deliver(source, gzipSync(bytes, { level: 1 }), () => (released = true));
    await expect.poll(() => out).toBeGreaterThan(65_536);
    await ticks();
    expect(out).toBeLessThan(262_144);
    expect(released).toBe(false);
    while (!released) {
      for (const release of releases.splice(0)) release();
      await ticks(1);
    }
    expect(out).toBe(bytes.length);
    subscription.unsubscribe();
  });

  it('errors of the source pass, leaving lets go of everything', async () => {
    const boom = new Error('boom');
    await expect(
      all(
        concat(
          of(gzipSync('a')),
          throwError(() => boom),
        ).pipe(inflateTransferCoding('gzip')),
      ),
    ).rejects.toBe(boom);
    let left = false;
    let released = 0;
    const source = new Observable<Uint8Array>((to) => {
      for (let i = 0; i < 3; i++) deliver(to, gzipSync(TEXT), () => released++);
      return NEVER.subscribe(to).add(() => (left = true));
    });
    const subscription = source.pipe(inflateTransferCoding('gzip')).subscribe();
    subscription.unsubscribe();
    expect([left, released]).toEqual([true, 3]);
    await ticks();
  });
});

function countInto(to: Observer<unknown>, count: (bytes: number) => void): Partial<Observer<Uint8Array>> {
  return {
    next: (bytes) => count(bytes.length),
    error: (error: unknown) => {
      to.next(error);
      to.complete();
    },
    complete: () => to.complete(),
  };
}
