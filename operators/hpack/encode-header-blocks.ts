import type { Observable, OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import type { Fields } from '../http/fields.js';
import { HpackEncoder, type HpackEncoderConfig } from './encoder.js';

export interface EncodeHeaderBlocksConfig extends HpackEncoderConfig {
  /** Table sizes in bytes that the peer announces: its SETTINGS_HEADER_TABLE_SIZE. */
  readonly tableSizes?: Observable<number>;
}

/**
 * Writes HPACK: fields in, whole header blocks out.
 *
 * ```text
 * fields  --a--b--c--|
 * blocks  --a--b--c--|
 * ```
 *
 * The blocks have to reach the peer of one connection, all of them and in order. Fields whose `neverIndex` is set (by default
 * `authorization`, `proxy-authorization`, `cookie` and `set-cookie`) go as never-indexed literals. Errors: `UsageError`
 * `INVALID_LIMIT`, and what `tableSizes` errs with.
 *
 * RFC 7541.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { encodeHeaderBlocks, Fields } from 'rxweir/operators';
 * of(new Fields({ ':status': '200' })).pipe(encodeHeaderBlocks()).subscribe((block) => console.log(block)); // 0x88
 * ```
 * @see decodeHeaderBlocks
 */
export function encodeHeaderBlocks(config: EncodeHeaderBlocksConfig = {}): OperatorFunction<Fields, Uint8Array> {
  return operate((subscriber) => {
    const encoder = new HpackEncoder(config);
    const sizes = config.tableSizes?.pipe(
      operate<number, never>(() => ({ next: (size) => encoder.setMaxTableSize(size) })),
    );
    subscriber.add(sizes?.subscribe({ error: (error) => subscriber.error(error) }));
    return { next: (fields) => subscriber.next(encoder.encode(fields)) };
  });
}
