/** Writes request and status lines with their fields, as Latin-1 text (RFC 9112 §3, §4). */
import { UsageError } from '../core/protocol-error.js';
import { isFieldValue, isToken } from '../http/field-syntax.js';
import type { Fields } from '../http/fields.js';
import { reasonPhrase } from '../http/status.js';
import { parseRequestTarget } from './request-target.js';

export type Http1Version = '1.0' | '1.1';

/**
 * A request head, its empty line included.
 *
 * @param extraLines field lines with their CRLF, put after `fields`; made of checked fields or by `requestFraming`.
 * @throws UsageError `INVALID_METHOD`, `INVALID_TARGET`, `INVALID_VERSION`, `INVALID_HOST` unless an HTTP/1.1 request has
 *   exactly one Host, `INVALID_FIELD_NAME` for a pseudo-field.
 */
export function encodeRequestHead(
  method: string,
  target: string,
  fields: Fields,
  extraLines: string,
  version: Http1Version = '1.1',
): string {
  checkVersion(version);
  if (typeof method !== 'string' || !isToken(method)) throw new UsageError('INVALID_METHOD', 'a method is a token');
  if (typeof target !== 'string') throw new UsageError('INVALID_TARGET', 'a request target is a string');
  const inOriginForm = target.charCodeAt(0) === 0x2f && method !== 'CONNECT' && isPlainTarget(target);
  if (!inOriginForm && parseRequestTarget(method, target) === undefined) {
    throw new UsageError('INVALID_TARGET', `not a request target for ${method}`);
  }
  const lines = fieldLines(fields, extraLines);
  const hosts = count(lines, 'host: ');
  if (hosts > 1 || (hosts === 0 && version === '1.1')) {
    throw new UsageError('INVALID_HOST', `a request has one Host field, this one has ${hosts}`);
  }
  return `${method} ${target} HTTP/${version}\r\n${lines}\r\n`;
}

/**
 * A response head, its empty line included.
 *
 * @param reason the registered phrase by default; it may be empty, the space before it is written all the same.
 * @throws UsageError `INVALID_STATUS`, `INVALID_REASON`, `INVALID_VERSION`, `INVALID_FIELD_NAME` for a pseudo-field.
 */
export function encodeResponseHead(
  status: number,
  fields: Fields,
  extraLines: string,
  version: Http1Version = '1.1',
  reason: string = reasonPhrase(status),
): string {
  checkVersion(version);
  if (!Number.isInteger(status) || status < 100 || status > 999) {
    throw new UsageError('INVALID_STATUS', 'a status is a whole number from 100 to 999');
  }
  if (typeof reason !== 'string' || !isFieldValue(reason)) {
    throw new UsageError('INVALID_REASON', 'a reason phrase has no control characters');
  }
  return `HTTP/${version} ${status} ${reason}\r\n${fieldLines(fields, extraLines)}\r\n`;
}

/** What was checked is what is written: anything but the two strings might change in between. */
function checkVersion(version: Http1Version): void {
  if (version !== '1.1' && version !== '1.0') throw new UsageError('INVALID_VERSION', 'HTTP/1 is 1.0 or 1.1');
}

/** Field lines of HTTP/1: names that begin with a colon are another protocol's. */
function fieldLines(fields: Fields, extraLines: string): string {
  const lines = fields.toLines() + extraLines;
  if (lines.charCodeAt(0) === 0x3a || lines.includes('\n:')) {
    throw new UsageError('INVALID_FIELD_NAME', 'a pseudo-field has no place in HTTP/1');
  }
  return lines;
}

/** How many lines begin with `start`. */
function count(lines: string, start: string): number {
  let found = lines.startsWith(start) ? 1 : 0;
  for (let at = lines.indexOf(`\n${start}`); at >= 0; at = lines.indexOf(`\n${start}`, at + 1)) found++;
  return found;
}

/** Visible ASCII without `#`. */
function isPlainTarget(target: string): boolean {
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f || code === 0x23) return false;
  }
  return true;
}
