import { concat, from, map, NEVER, Observable, of, Subject, take, throwError, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { ProtocolError } from '../../../operators/core/protocol-error.js';
import { decodeHeaderBlocks, type DecodeHeaderBlocksConfig } from '../../../operators/hpack/decode-header-blocks.js';
import { encodeHeaderBlocks } from '../../../operators/hpack/encode-header-blocks.js';
import { Fields } from '../../../operators/http/fields.js';
import { runMarbles } from '../../support/marbles.js';
import { hex } from './support.js';

/** What comes out, with how it ended. */
function read(source: Observable<Uint8Array>, config?: DecodeHeaderBlocksConfig): string[] {
  const said: string[] = [];
  source.pipe(decodeHeaderBlocks(config)).subscribe({
    next: (fields) => said.push(fields.toLines().replaceAll('\r\n', ';')),
    error: (error: Error & { code?: string }) => said.push(`error ${error.code ?? String(error)}`),
    complete: () => said.push('complete'),
  });
  return said;
}

const BLOCKS = ['40 0161 0162', 'be', '82 be'].map(hex);

describe('decodeHeaderBlocks', () => {
  it.each([
    ['nothing', [], ['complete']],
    ['one block', BLOCKS.slice(0, 1), ['a: b;', 'complete']],
    ['many, which share a table', BLOCKS, ['a: b;', 'a: b;', ':method: GET;a: b;', 'complete']],
    ['a bad one', [...BLOCKS.slice(0, 1), hex('80'), ...BLOCKS], ['a: b;', 'error COMPRESSION_ERROR']],
    ['a truncated one', [hex('40 0161')], ['error COMPRESSION_ERROR']],
  ])('reads %s', (_, blocks, said) => {
    expect(read(from(blocks))).toEqual(said);
  });

  it('has a table for each subscription', () => {
    const fields = from(BLOCKS).pipe(decodeHeaderBlocks(), map(String), toArray());
    const runs: string[][] = [];
    fields.subscribe((run) => runs.push(run));
    fields.subscribe((run) => runs.push(run));
    expect(runs[0]).toEqual(runs[1]);
  });

  it('passes errors of its source on', () => {
    expect(
      read(
        concat(
          from(BLOCKS),
          throwError(() => new Error('x')),
        ),
      ).at(-1),
    ).toBe('error Error: x');
  });

  it('lets its source go on unsubscription, on an error and when it is not asked for more', () => {
    runMarbles((m) => {
      const values = { a: BLOCKS[0], z: hex('80') } as Record<string, Uint8Array>;
      const left = m.cold<Uint8Array>('--a--a--', values);
      m.expectObservable(left.pipe(decodeHeaderBlocks(), map(String)), '----!').toBe('--x', { x: 'a: b\r\n' });
      m.expectSubscriptions(left.subscriptions).toBe('^---!');
      const bad = m.cold<Uint8Array>('--z--a--', values);
      bad.pipe(decodeHeaderBlocks()).subscribe({ error: () => undefined });
      m.expectSubscriptions(bad.subscriptions).toBe('^-!');
    });
    let pulled = 0;
    const many = new Observable<Uint8Array>((to) => {
      while (!to.closed && pulled++ < 100) to.next(BLOCKS[0] as Uint8Array);
    });
    expect(read(many.pipe(decodeHeaderBlocks(), take(1), encodeHeaderBlocks()))).toEqual(['a: b;', 'complete']);
    expect(pulled).toBe(1);
  });

  it('ends with a block over its limits', () => {
    expect(read(of(hex('82 82'), hex('82')), { maxFields: 1 })).toEqual(['error FIELD_LIMIT']);
  });

  it('or leaves it to onRefused, and the next is read exactly', () => {
    const refused: ProtocolError[] = [];
    const config = { maxFields: 1, onRefused: (error: ProtocolError) => refused.push(error) };
    const source = of(hex('82 40 0161 0162'), hex('be'), hex('00 00 0161'), hex('be'), hex('80'));
    expect(read(source, config)).toEqual(['a: b;', 'a: b;', 'error COMPRESSION_ERROR']);
    expect(refused.map(({ code }) => code)).toEqual(['FIELD_LIMIT', 'PROTOCOL_ERROR']);
  });

  it('takes table sizes, and lets go of where they come from', () => {
    const [blocks, sizes] = [new Subject<Uint8Array>(), new Subject<number>()];
    const said = read(blocks, { tableSizes: sizes });
    blocks.next(hex('40 0161 0162'));
    sizes.next(256);
    blocks.next(hex('3fe101 be'));
    sizes.next(0);
    expect(sizes.observed).toBe(true);
    blocks.next(hex('be'));
    expect(said).toEqual(['a: b;', 'a: b;', 'error COMPRESSION_ERROR']);
    expect([sizes.observed, blocks.observed]).toEqual([false, false]);
  });

  it('errs with them, but does not end with them', () => {
    expect(read(from(BLOCKS), { tableSizes: of(4096) }).at(-1)).toBe('complete');
    expect(read(NEVER, { tableSizes: of(-1) })).toEqual(['error INVALID_LIMIT']);
    expect(read(NEVER, { tableSizes: throwError(() => new Error('x')) })).toEqual(['error Error: x']);
  });

  it('says of a wrong option when it is subscribed', () => {
    expect(read(NEVER, { maxFields: -1 })).toEqual(['error INVALID_LIMIT']);
  });

  it('reads what encodeHeaderBlocks writes', () => {
    const messages = [new Fields({ ':status': '200', server: 'x' }), new Fields({ ':status': '304', cookie: 'a' })];
    const back = from(messages).pipe(encodeHeaderBlocks(), decodeHeaderBlocks());
    const seen: Fields[] = [];
    back.subscribe((fields) => seen.push(fields));
    expect(seen.map((fields) => [...fields])).toEqual(messages.map((fields) => [...fields]));
  });
});
