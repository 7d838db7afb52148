import { UsageError } from '../core/protocol-error.js';
import { MAX_INTEGER } from './integer.js';

/** Size in bytes of either table until something else was agreed (RFC 9113 §6.5.2). */
export const DEFAULT_TABLE_SIZE = 4096;

/** Bounds of an HPACK decoder. The defaults are those of a server. */
export interface HpackDecoderConfig {
  /**
   * Bytes the dynamic table may have from the beginning. 4096 by default, which both sides of HTTP/2 start from: another
   * size goes through `setMaxTableSize` there, once it is acknowledged.
   */
  readonly maxTableSize?: number;
  /** Bytes of a decoded block: names, values and 32 for each field. 16384 by default. */
  readonly maxFieldBytes?: number;
  /** Field lines of a block, each crumb of a cookie being one. 128 by default. */
  readonly maxFields?: number;
}

export function resolveDecoderConfig(config: HpackDecoderConfig): Required<HpackDecoderConfig> {
  return {
    maxTableSize: wholeNumber('maxTableSize', config.maxTableSize ?? DEFAULT_TABLE_SIZE),
    maxFieldBytes: wholeNumber('maxFieldBytes', config.maxFieldBytes ?? 16_384),
    maxFields: wholeNumber('maxFields', config.maxFields ?? 128),
  };
}

/** @throws UsageError `INVALID_LIMIT` for what is no whole number from 0 to `most`. */
export function wholeNumber(name: string, value: number, most = MAX_INTEGER): number {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new UsageError('INVALID_LIMIT', `${name} must be a whole number from 0 to ${most}`);
}
