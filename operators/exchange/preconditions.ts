/** Conditional requests, answered (RFC 9110 §13). */
import type { Fields } from '../http/fields.js';
import { type EntityTag, matchesStrongly, matchesWeakly, parseEntityTag, parseEntityTags } from './entity-tag.js';
import { parseHttpDate } from './parse-http-date.js';

/** What is known of the representation a request is for. */
export interface Validators {
  /** As in the ETag field, with quotes; undefined for none. */
  readonly etag?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly lastModified?: number | undefined;
}

/** A request, as far as its conditions go. */
export interface ConditionalRequest {
  readonly method: string;
  readonly fields: Fields;
}

/**
 * Whether the conditions of a request let it go on: 0 if they do, else the status to answer with, 304 or 412. In the order of RFC 9110
 * §13.2.2: If-Match, else If-Unmodified-Since; then If-None-Match, else If-Modified-Since. A malformed list of tags has none that matches; a
 * malformed date is passed over.
 *
 * @param validators undefined where there is no representation
 * @param now of a clock, in milliseconds since the epoch
 * @example
 * ```ts
 * import { checkPreconditions, Fields } from 'rxweir/operators';
 * const fields = new Fields({ 'if-none-match': '"v1", "v2"' });
 * checkPreconditions({ method: 'GET', fields }, { etag: '"v2"' }, 0); // 304
 * ```
 */
export function checkPreconditions(
  { method, fields }: ConditionalRequest,
  validators: Validators | undefined,
  now: number,
): 0 | 304 | 412 {
  const reads = method === 'GET' || method === 'HEAD';
  const tag = validators?.etag === undefined ? undefined : parseEntityTag(validators.etag);
  const modified = seconds(validators?.lastModified);

  const match = tagsOf(fields, 'if-match');
  if (match !== undefined) {
    if (match === '*' ? validators === undefined : !includes(match, tag, matchesStrongly)) return 412;
  } else {
    const since = dateOf(fields, 'if-unmodified-since', now);
    if (since !== undefined && modified !== undefined && modified > since) return 412;
  }

  const noneMatch = tagsOf(fields, 'if-none-match');
  if (noneMatch !== undefined) {
    const found = noneMatch === '*' ? validators !== undefined : includes(noneMatch, tag, matchesWeakly);
    return found ? (reads ? 304 : 412) : 0;
  }
  const since = reads ? dateOf(fields, 'if-modified-since', now) : undefined;
  return since !== undefined && modified !== undefined && modified <= since ? 304 : 0;
}

/**
 * Whether the ranges of a request are meant for this representation (RFC 9110 §13.1.5): If-Range is absent, or names it strongly. A
 * date does so only where the representation is older than a second, or it could have changed again within that one.
 */
export function ifRangeHolds(fields: Fields, { etag, lastModified }: Validators, now: number): boolean {
  const condition = fields.get('if-range');
  if (condition === undefined) return true;
  const wanted = parseEntityTag(condition.trim());
  if (wanted !== undefined) {
    const tag = etag === undefined ? undefined : parseEntityTag(etag);
    return tag !== undefined && matchesStrongly(wanted, tag);
  }
  const date = parseHttpDate(condition.trim(), now);
  const modified = seconds(lastModified);
  return date !== undefined && date === modified && now - modified >= 1000;
}

function tagsOf(fields: Fields, name: string): readonly EntityTag[] | '*' | undefined {
  const value = fields.getCombined(name);
  return value === undefined ? undefined : (parseEntityTags(value) ?? []);
}

function includes(
  tags: readonly EntityTag[],
  tag: EntityTag | undefined,
  matches: (a: EntityTag, b: EntityTag) => boolean,
): boolean {
  return tag !== undefined && tags.some((one) => matches(one, tag));
}

function dateOf(fields: Fields, name: string, now: number): number | undefined {
  const values = fields.getAll(name);
  return values.length === 1 ? parseHttpDate(values[0] as string, now) : undefined;
}

/** As it is sent: dates of HTTP have no fractions. */
function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.floor(milliseconds / 1000) * 1000;
}
