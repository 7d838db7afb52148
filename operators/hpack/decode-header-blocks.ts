import type { Observable, OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import { isProtocolError, type ProtocolError } from '../core/protocol-error.js';
import type { Fields } from '../http/fields.js';
import { HpackDecoder } from './decoder.js';
import type { HpackDecoderConfig } from './decoder-config.js';

export interface DecodeHeaderBlocksConfig extends HpackDecoderConfig {
  /** Table sizes in bytes that we announced, each when the peer has acknowledged it. */
  readonly tableSizes?: Observable<number>;
  /** Gets an error of one block alone (scope `stream`); the next block is then read as if nothing had been. */
  readonly onRefused?: (error: ProtocolError) => void;
}

/**
 * Reads HPACK: whole header blocks in, their fields out.
 *
 * ```text
 * blocks  --a--b--c--|
 * fields  --a--b--c--|
 * ```
 *
 * The blocks are those of one connection, in order. Errors: `ProtocolError` `COMPRESSION_ERROR` (scope `connection`);
 * `FIELD_LIMIT` and `PROTOCOL_ERROR` for an empty name (scope `stream`), unless `onRefused` takes them; `UsageError` `INVALID_LIMIT`.
 * What `tableSizes` errs with.
 *
 * RFC 7541.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { decodeHeaderBlocks } from 'rxweir/operators';
 * of(Uint8Array.of(0x88)).pipe(decodeHeaderBlocks()).subscribe((fields) => console.log(fields.get(':status'))); // 200
 * ```
 * @see encodeHeaderBlocks
 */
export function decodeHeaderBlocks(config: DecodeHeaderBlocksConfig = {}): OperatorFunction<Uint8Array, Fields> {
  return operate((subscriber) => {
    const decoder = new HpackDecoder(config);
    const { tableSizes, onRefused } = config;
    const sizes = tableSizes?.pipe(operate<number, never>(() => ({ next: (size) => decoder.setMaxTableSize(size) })));
    subscriber.add(sizes?.subscribe({ error: (error) => subscriber.error(error) }));
    return {
      next(block) {
        let fields: Fields;
        try {
          fields = decoder.decode(block);
        } catch (error) {
          if (onRefused === undefined || !isProtocolError(error) || error.scope !== 'stream') throw error;
          return onRefused(error);
        }
        subscriber.next(fields);
      },
    };
  });
}
