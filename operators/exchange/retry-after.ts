import { isDigits, trimOws } from '../http/field-syntax.js';
import type { Fields } from '../http/fields.js';
import { parseHttpDate } from './parse-http-date.js';

/**
 * Milliseconds that Retry-After asks to wait (RFC 9110 §10.2.3), in either of its forms; undefined where there is none, or
 * nothing that is one. A date that has passed asks for 0.
 *
 * @param now milliseconds since the epoch, of the clock that will wait
 */
export function retryAfter(fields: Fields, now: number): number | undefined {
  const value = trimOws(fields.get('retry-after') ?? '');
  if (isDigits(value)) return Number(value) * 1000;
  const date = parseHttpDate(value, now);
  return date === undefined ? undefined : Math.max(0, date - now);
}
