/** Attacks through content codings, by row of the attack catalogue (F1 to F4). */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { concat, defer, EMPTY, finalize, lastValueFrom, NEVER, of, toArray, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { decodeContent, type DecodeContentConfig } from '../../operators/body/decode-content.js';
import { hold } from '../../operators/core/deliver.js';
import { CONTENT_CODINGS, type ContentCoding } from '../../operators/body/content-coding.js';
import { encodeContent } from '../../operators/body/encode-content.js';
import { text } from '../../operators/body/text.js';
import { createClient } from '../../src/client/create-client.js';
import { rawServer } from '../src/client/raw-server.js';
import { Fields } from '../../operators/http/fields.js';

interface Outcome {
  readonly bytes: number;
  readonly largest: number;
  readonly errors: string[];
}

/** Decodes to the end and counts; each error that comes. */
function outcome(
  source: Observable<Uint8Array>,
  fields: Record<string, string | string[]>,
  config?: DecodeContentConfig,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let bytes = 0;
    let largest = 0;
    const errors: string[] = [];
    of({ body: source, fields: new Fields(fields) })
      .pipe(decodeContent(config))
      .subscribe({
        next(chunk) {
          bytes += chunk.length;
          largest = Math.max(largest, chunk.length);
        },
        error(error: { code: string }) {
          errors.push(error.code);
          setImmediate(() => setImmediate(() => resolve({ bytes, largest, errors }))); // one that came twice would show
        },
        complete: () => resolve({ bytes, largest, errors }),
      });
  });
}

const MIB = 1_048_576;
const ZEROS = new Uint8Array(100 * MIB);
/** Node has zstd from 22.15 on. */
const ZSTD_BOMB: (readonly ['zstd', Buffer])[] = CONTENT_CODINGS.includes('zstd')
  ? [['zstd', await coded('zstd', ZEROS)] as const]
  : [];

async function coded(coding: ContentCoding, bytes: Uint8Array): Promise<Buffer> {
  return Buffer.concat(await lastValueFrom(of(bytes).pipe(encodeContent(coding), toArray())));
}

describe('F: content', () => {
  it.each([
    ['gzip', gzipSync(ZEROS)],
    ['deflate', deflateSync(ZEROS)],
    ['deflate', deflateRawSync(ZEROS)],
    ['br', brotliCompressSync(ZEROS)],
    ...ZSTD_BOMB,
  ] as const)('F1 100 MiB of zeros in %s stop at the ratio', async (coding, bomb) => {
    const { bytes, errors } = await outcome(of(bomb), { 'content-encoding': coding });
    expect(errors).toEqual(['DECODED_CONTENT_LIMIT']);
    expect(bytes).toBeLessThanOrEqual(Math.max(MIB, bomb.length * 1000) + 65_536);
    expect(bytes).toBeLessThan(100 * MIB);
  });

  it('F1 a bomb in a bomb is measured against what was received', async () => {
    const bomb = gzipSync(gzipSync(new Uint8Array(50 * MIB)));
    const { bytes, errors } = await outcome(of(bomb), { 'content-encoding': 'gzip, gzip' });
    expect(errors).toEqual(['DECODED_CONTENT_LIMIT']);
    expect(bytes).toBeLessThanOrEqual(Math.max(MIB, bomb.length * 1000) + 65_536);
  });

  it('F2 the limit is looked at after each piece of output, not after the input', async () => {
    const { bytes, largest, errors } = await outcome(
      of(brotliCompressSync(ZEROS)),
      { 'content-encoding': 'br' },
      { maxOutput: 200_000, maxRatio: Infinity },
    );
    expect(errors).toEqual(['DECODED_CONTENT_LIMIT']);
    expect(bytes).toBeLessThanOrEqual(200_000);
    expect(largest).toBeLessThanOrEqual(65_536);
  });

  it('F2 a consumer that holds sees no more than a few pieces, however much one byte would become', async () => {
    const pieces: Uint8Array[] = [];
    const releases: (() => void)[] = [];
    const subscription = of(brotliCompressSync(ZEROS))
      .pipe(decodeContent({ codings: 'br', maxRatio: Infinity }))
      .subscribe((piece) => {
        pieces.push(piece);
        releases.push(hold());
      });
    let before = -1;
    while (pieces.length !== before || before <= 0) {
      before = pieces.length;
      await new Promise((resolve) => setTimeout(resolve, 100)); // until nothing comes any more
    }
    expect(pieces.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(4 * 65_536);
    for (const release of releases) release();
    subscription.unsubscribe();
  });

  it('F3 three codings over three lines are one error, and the body is let go', async () => {
    const bomb = gzipSync(gzipSync(gzipSync('x')));
    let left = 0;
    const body = defer(() => concat(of(bomb), NEVER)).pipe(finalize(() => left++));
    const { errors } = await outcome(body, { 'content-encoding': ['gzip', 'gzip', 'gzip'] });
    expect([errors, left]).toEqual([['CODING_LIMIT'], 1]);
    expect((await outcome(body, { 'content-encoding': ['gzip, GZIP', 'x-gzip'] })).errors).toEqual(['CODING_LIMIT']);
  });

  it('F4 a body that is not there is not decoded: HEAD, 204, 304', async () => {
    for (const coding of ['gzip', 'deflate', 'br', 'gzip, br']) {
      expect(await outcome(EMPTY, { 'content-encoding': coding })).toEqual({ bytes: 0, largest: 0, errors: [] });
    }
  });

  it('F4 nor by a client that is told of a coding where there is no body', async () => {
    const coding = 'content-encoding: gzip\r\n';
    const replies = [
      `HTTP/1.1 200 OK\r\n${coding}content-length: 20\r\n\r\n`,
      `HTTP/1.1 204 No Content\r\n${coding}\r\n`,
      `HTTP/1.1 304 Not Modified\r\n${coding}content-length: 20\r\n\r\n`,
      `HTTP/1.1 200 OK\r\n${coding}content-length: 0\r\n\r\n`,
    ];
    const server = await rawServer(() => replies.shift());
    const client = createClient();
    for (const method of ['HEAD', 'GET', 'GET', 'GET']) {
      expect(await lastValueFrom(client.request({ url: server.url, method }).pipe(text()))).toBe('');
    }
    expect(server.sockets).toHaveLength(1);
  });

  it.each([
    ['gzip', gzipSync('hello')],
    ['deflate', deflateSync('hello')],
    ['br', brotliCompressSync('hello')],
  ])('F4 %s cut short anywhere, or with a byte behind it, is an error', async (coding, whole) => {
    for (let at = 1; at < whole.length; at++) {
      expect((await outcome(of(whole.subarray(0, at)), { 'content-encoding': coding })).errors).toEqual([
        'BAD_CONTENT',
      ]);
    }
    const longer = Buffer.concat([whole, Buffer.from('x')]);
    expect((await outcome(of(longer), { 'content-encoding': coding })).errors).toEqual(['BAD_CONTENT']);
    expect(await outcome(of(whole), { 'content-encoding': coding })).toMatchObject({ bytes: 5, errors: [] });
  });
});
