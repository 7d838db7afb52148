/** Reads Content-Range (RFC 9110 §14.4). */
import { isDigits } from '../http/field-syntax.js';

export interface ContentRange {
  /** First and last byte, from 0 on; undefined in the answer to a range that cannot be had. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** Bytes in all; undefined where the server does not know. */
  readonly total: number | undefined;
}

/** `bytes 0-499/1234`, `bytes 0-499/*`, or one with a star in place of the range; undefined for anything else, and for a range that makes no sense. */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  if (value === undefined || value.slice(0, 6).toLowerCase() !== 'bytes ') return undefined;
  const [range = '', complete = '', more] = value.slice(6).trim().split('/');
  const total = number(complete);
  if (more !== undefined || (total === undefined && complete !== '*')) return undefined;
  if (range === '*') return total === undefined ? undefined : { first: undefined, last: undefined, total };
  const [start = '', end = '', another] = range.split('-');
  const first = number(start);
  const last = number(end);
  if (another !== undefined || first === undefined || last === undefined || last < first) return undefined;
  return total !== undefined && last >= total ? undefined : { first, last, total };
}

function number(text: string): number | undefined {
  if (!isDigits(text) || text.length > 15) return undefined;
  return Number(text);
}
