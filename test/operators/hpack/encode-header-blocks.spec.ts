import { concat, from, NEVER, type Observable, of, Subject, take, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { encodeHeaderBlocks, type EncodeHeaderBlocksConfig } from '../../../operators/hpack/encode-header-blocks.js';
import { Fields } from '../../../operators/http/fields.js';
import { runMarbles } from '../../support/marbles.js';
import { hexOf } from './support.js';

/** Blocks in hexadecimal, with how it ended. */
function write(source: Observable<Fields>, config?: EncodeHeaderBlocksConfig): string[] {
  const said: string[] = [];
  source.pipe(encodeHeaderBlocks(config)).subscribe({
    next: (block) => said.push(hexOf(block)),
    error: (error: Error & { code?: string }) => said.push(`error ${error.code ?? String(error)}`),
    complete: () => said.push('complete'),
  });
  return said;
}

const A_B = new Fields({ a: 'b' });

describe('encodeHeaderBlocks', () => {
  it.each([
    ['nothing', [], ['complete']],
    ['no fields', [new Fields()], ['', 'complete']],
    ['many, which share a table', [A_B, A_B], ['4001610162', 'be', 'complete']],
    ['a cookie', [new Fields({ cookie: 'a' })], ['1f110161', 'complete']],
  ])('writes %s', (_, source, said) => {
    expect(write(from(source))).toEqual(said);
  });

  it('passes errors of its source on', () => {
    expect(
      write(
        concat(
          of(A_B),
          throwError(() => new Error('x')),
        ),
      ),
    ).toEqual(['4001610162', 'error Error: x']);
  });

  it('lets its source go on unsubscription', () => {
    runMarbles((m) => {
      const source = m.cold<Fields>('--a--a--', { a: A_B });
      const sizes = m.cold<number>('-0------', { 0: 0 });
      const result = source.pipe(encodeHeaderBlocks({ tableSizes: sizes }), take(1));
      m.expectObservable(result).toBe('--(x|)', { x: new Uint8Array([0x20, 0x00, 0x01, 0x61, 0x01, 0x62]) });
      m.expectSubscriptions(source.subscriptions).toBe('^-!');
      m.expectSubscriptions(sizes.subscriptions).toBe('^-!');
    });
  });

  it('takes the peer’s table sizes and tells them with the next block', () => {
    const [fields, sizes] = [new Subject<Fields>(), new Subject<number>()];
    const said = write(fields, { tableSizes: sizes });
    fields.next(A_B);
    sizes.next(0);
    sizes.next(256);
    fields.next(A_B);
    fields.next(A_B);
    expect(said).toEqual(['4001610162', '203fe1014001610162', 'be']);
    fields.complete();
    expect(sizes.observed).toBe(false);
  });

  it('errs with them, and with a wrong option', () => {
    expect(write(NEVER, { tableSizes: of(0.5) })).toEqual(['error INVALID_LIMIT']);
    expect(write(NEVER, { tableSizes: throwError(() => new Error('x')) })).toEqual(['error Error: x']);
    expect(write(NEVER, { maxTableSize: -1 })).toEqual(['error INVALID_LIMIT']);
  });
});
