/** Reads Range (RFC 9110 §14.2). */
import { isDigits, splitList, trimOws } from '../http/field-syntax.js';

/** First and last byte of a part, from 0 on. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The parts of `size` bytes that a Range field asks for, in its order; an empty list where none of them can be had (416); undefined where
 * the field is to be passed over: other units, malformed, more than `maxRanges`, or parts that together are more than the whole.
 *
 * @example
 * ```ts
 * import { parseByteRanges } from 'rxweir/operators';
 * parseByteRanges('bytes=0-4, -5', 100, 16); // [{ first: 0, last: 4 }, { first: 95, last: 99 }]
 * ```
 */
export function parseByteRanges(value: string, size: number, maxRanges: number): readonly ByteRange[] | undefined {
  if (value.slice(0, 6).toLowerCase() !== 'bytes=') return undefined;
  const specs = splitList(value.slice(6));
  if (specs.length === 0 || specs.length > maxRanges) return undefined;
  const ranges: ByteRange[] = [];
  let total = 0;
  for (const spec of specs) {
    const range = parseSpec(spec, size);
    if (range === undefined) return undefined;
    if (range === UNSATISFIABLE) continue;
    ranges.push(range);
    total += range.last - range.first + 1;
  }
  return total > size ? undefined : ranges;
}

const UNSATISFIABLE: ByteRange = { first: -1, last: -1 };

function parseSpec(spec: string, size: number): ByteRange | undefined {
  const dash = spec.indexOf('-');
  if (dash < 0) return undefined;
  const from = trimOws(spec.slice(0, dash));
  const to = trimOws(spec.slice(dash + 1));
  if (from === '') {
    if (!isDigits(to)) return undefined;
    const length = Number(to);
    if (length === 0 || size === 0) return UNSATISFIABLE;
    return { first: Math.max(0, size - length), last: size - 1 };
  }
  if (!isDigits(from) || (to !== '' && !isDigits(to))) return undefined;
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < first) return undefined;
  return first >= size ? UNSATISFIABLE : { first, last };
}
