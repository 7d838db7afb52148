import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  createGzip as createZlibGzip,
  constants,
} from 'node:zlib';
import { concat, EMPTY, from, lastValueFrom, NEVER, Observable, of, Subject, take, throwError, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { CONTENT_CODINGS } from '../../../operators/body/content-coding.js';
import {
  decodeContent,
  decodedBody,
  decodedFields,
  type DecodeContentConfig,
} from '../../../operators/body/decode-content.js';
import { encodeContent } from '../../../operators/body/encode-content.js';
import { text } from '../../../operators/body/text.js';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { Fields } from '../../../operators/http/fields.js';
import { splits } from '../../support/every-split.js';
import { message, seen, utf8 } from './bodies.js';

const collect = (source: Observable<Uint8Array>): Promise<string> =>
  lastValueFrom(source.pipe(toArray())).then(
    (parts) => Buffer.concat(parts).toString('latin1'),
    (error: { code: string; limit?: string; scope: string }) => [error.code, error.limit, error.scope].join(' '),
  );
const decode = (bytes: Uint8Array, codings: string | string[], config?: DecodeContentConfig): Promise<string> =>
  collect(of(bytes).pipe(decodeContent({ codings, ...config })));
const ticks = (milliseconds = 20): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const TEXT = 'hello hello hello '.repeat(500);
const CODED = {
  gzip: gzipSync(TEXT),
  deflate: deflateSync(TEXT),
  br: brotliCompressSync(TEXT),
} as const;

describe('decodeContent', () => {
  it.each(Object.entries(CODED))('%s, split at every byte', async (coding, bytes) => {
    for (const chunks of splits(bytes)) {
      expect(await collect(from(chunks).pipe(decodeContent({ codings: coding })))).toBe(TEXT);
    }
  });

  it('the bare form of deflate, split at every byte, and of one byte', async () => {
    const bytes = deflateRawSync(TEXT);
    for (const chunks of splits(bytes)) {
      expect(await collect(from(chunks).pipe(decodeContent({ codings: 'deflate' })))).toBe(TEXT);
    }
    expect(await decode(bytes.subarray(0, 1), 'deflate')).toBe('BAD_CONTENT  message');
  });

  it('zstd where this Node has it, else a clear refusal', async () => {
    const source = of(utf8(TEXT));
    if (CONTENT_CODINGS.includes('zstd')) {
      expect(await collect(source.pipe(encodeContent('zstd'), decodeContent({ codings: 'zstd' })))).toBe(TEXT);
    } else expect(await decode(utf8('x'), 'zstd')).toBe('UNSUPPORTED_CODING  message');
  });

  it('layers, the last one applied undone first', async () => {
    const twice = brotliCompressSync(gzipSync(TEXT));
    expect(await decode(twice, ['gzip', 'br'])).toBe(TEXT);
    expect(await decode(twice, ['x-gzip', 'identity', 'BR'])).toBe(TEXT);
    expect(await decode(gzipSync(twice), ['gzip', 'br', 'gzip'])).toBe('CODING_LIMIT maxLayers message');
    expect(await decode(gzipSync(twice), ['gzip', 'br', 'gzip'], { maxLayers: 3 })).toBe(TEXT);
  });

  it('messages by their fields, over all lines; the charset is for the next stage to know', async () => {
    const twice = of(brotliCompressSync(gzipSync(TEXT)));
    expect(await collect(of(message(twice, [['content-encoding', 'gzip, br']])).pipe(decodeContent()))).toBe(TEXT);
    const lines: [string, string][] = [
      ['content-encoding', 'gzip'],
      ['content-encoding', 'br'],
    ];
    expect(await collect(of(message(twice, lines)).pipe(decodeContent({ codings: 'gzip' })))).toBe(TEXT);
    expect(await collect(of(message('plain')).pipe(decodeContent()))).toBe('plain');
    expect(
      await lastValueFrom(of(message(of(CODED.br), { 'content-encoding': 'br' })).pipe(decodeContent(), text())),
    ).toBe(TEXT);
  });

  it('an empty body is empty, whatever it says it is in', async () => {
    expect(await decode(new Uint8Array(0), 'gzip')).toBe('');
    expect(await collect(of(message(EMPTY, { 'content-encoding': 'gzip, br' })).pipe(decodeContent()))).toBe('');
    expect(await collect((EMPTY as Observable<Uint8Array>).pipe(decodeContent({ codings: ['gzip', 'br'] })))).toBe('');
  });

  it.each([
    ['gzip', utf8('not gzip')],
    ['gzip', CODED.gzip.subarray(0, -1)],
    ['gzip', CODED.gzip.subarray(0, 1)],
    ['gzip', Buffer.concat([CODED.gzip, utf8('xx')])],
    ['gzip', Buffer.concat([CODED.gzip, Buffer.alloc(8)])],
    ['gzip', CODED.deflate],
    ['deflate', Buffer.concat([CODED.deflate, utf8('x')])],
    ['deflate', CODED.deflate.subarray(0, -1)],
    ['br', utf8('not brotli')],
    ['br', CODED.br.subarray(0, -1)],
    ['br', Buffer.concat([CODED.br, utf8('x')])],
  ])('%s: refuses what is not it, is cut short, or goes on (row %#), in one chunk or two', async (coding, bytes) => {
    expect(await decode(bytes, coding)).toBe('BAD_CONTENT  message');
    const cut = [bytes.subarray(0, -1), bytes.subarray(-1)];
    expect(await collect(from(cut).pipe(decodeContent({ codings: coding })))).toBe('BAD_CONTENT  message');
  });

  it('bytes behind the end are refused although the source has not ended', async () => {
    const source = of(CODED.gzip, utf8('xx'));
    expect(await collect(concat(source, NEVER).pipe(decodeContent({ codings: 'gzip' })))).toBe('BAD_CONTENT  message');
  });

  it('several members of gzip are one content', async () => {
    const bytes = Buffer.concat([gzipSync('a'), gzipSync('b')]);
    for (const chunks of splits(bytes)) {
      expect(await collect(from(chunks).pipe(decodeContent({ codings: 'gzip' })))).toBe('ab');
    }
  });

  it('unknown codings fail when it is subscribed, and the body is let go', () => {
    let state = 'untouched';
    const body = new Observable<Uint8Array>(() => {
      state = 'read';
      return () => (state = 'let go');
    });
    const coded = message(body, { 'content-encoding': 'compress' });
    const decoded = of(coded).pipe(decodeContent());
    expect(state).toBe('untouched');
    expect(seen(decoded)).toEqual(['error UNSUPPORTED_CODING']);
    expect(state).toBe('let go');
    expect(seen(of(utf8('x')).pipe(decodeContent({ codings: '__proto__' })))).toEqual(['error UNSUPPORTED_CODING']);
  });

  it('maxOutput: met exactly, and passed by one', async () => {
    expect(await decode(gzipSync('12345'), 'gzip', { maxOutput: 5 })).toBe('12345');
    expect(await decode(gzipSync('12345'), 'gzip', { maxOutput: 4 })).toBe('DECODED_CONTENT_LIMIT maxOutput message');
  });

  it('maxRatio counts from 1 MiB on', async () => {
    const exactly = gzipSync(new Uint8Array(1_048_576));
    expect(await decode(exactly, 'gzip', { maxRatio: 1 })).toHaveLength(1_048_576);
    const more = gzipSync(new Uint8Array(1_048_577));
    expect(await decode(more, 'gzip', { maxRatio: 1 })).toBe('DECODED_CONTENT_LIMIT maxRatio message');
  });

  it('errors of the source pass, leaving lets go of everything', async () => {
    const boom = new Error('boom');
    const failing = concat(
      of(CODED.gzip),
      throwError(() => boom),
    );
    await expect(lastValueFrom(failing.pipe(decodeContent({ codings: 'gzip' })))).rejects.toBe(boom);
    let released = 0;
    const source = new Subject<Uint8Array>();
    const subscription = source.pipe(decodeContent({ codings: 'gzip' })).subscribe();
    for (let i = 0; i < 3; i++) deliver(source, CODED.gzip, () => released++);
    expect(released).toBe(0);
    subscription.unsubscribe();
    expect(released).toBe(3);
    expect(source.observed).toBe(false);
  });

  it('take(1) stops it', async () => {
    const big = of(gzipSync(new Uint8Array(500_000)));
    expect((await lastValueFrom(big.pipe(decodeContent({ codings: 'gzip' }), take(1)))).length).toBeLessThanOrEqual(
      65_536,
    );
  });

  it('what one chunk became is not all let out while it is held, and its credit waits, through two layers', async () => {
    const source = new Subject<Uint8Array>();
    const releases: Release[] = [];
    let out = 0;
    let released = false;
    const subscription = source
      .pipe(decodeContent({ codings: ['gzip', 'br'], maxRatio: Infinity }))
      .subscribe((bytes) => {
        out += bytes.length;
        releases.push(hold());
      });
    const bytes = Buffer.from(TEXT.repeat(200));
    deliver(source, brotliCompressSync(gzipSync(bytes, { level: 0 })), () => (released = true));
    await expect.poll(() => out).toBeGreaterThan(0);
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

  it('what is flushed comes out before the rest is there', async () => {
    const gzip = createZlibGzip({ flush: constants.Z_SYNC_FLUSH });
    const source = new Subject<Uint8Array>();
    const out: string[] = [];
    gzip.on('data', (chunk: Uint8Array) => source.next(chunk));
    source.pipe(decodeContent({ codings: 'gzip' })).subscribe((bytes) => out.push(Buffer.from(bytes).toString()));
    gzip.write('one');
    await expect.poll(() => out.join('')).toBe('one');
    gzip.destroy();
  });
});

describe('for whoever makes messages', () => {
  it('decodedBody by fields or codings', async () => {
    expect(await collect(decodedBody(of(CODED.br), new Fields({ 'content-encoding': 'br' })))).toBe(TEXT);
    expect(await collect(decodedBody(of(CODED.br), ['br']))).toBe(TEXT);
  });

  it('decodedFields drops what is no longer true, and only then', () => {
    const plain = new Fields({ 'content-length': '5' });
    expect(decodedFields(plain)).toBe(plain);
    const coded = new Fields({ 'content-encoding': 'br', 'content-length': '5', etag: '"x"' });
    expect(decodedFields(coded).toString()).toBe('etag: "x"\r\n');
    expect(coded.size).toBe(3);
  });
});
