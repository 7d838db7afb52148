/** Which fields a proxy passes on, and what it says of itself (RFC 9110 §7.6). */
import { isDigits, splitList } from '../../operators/http/field-syntax.js';
import { Fields } from '../../operators/http/fields.js';
import { statusResponse } from '../handlers/status-response.js';
import type { ServerResponse } from '../server/server-response.js';

/** They are for one connection, whether or not Connection names them (RFC 9110 §7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'expect',
]);

/** Those that go from end to end and are allowed, as a list of its own. `allows` undefined: all of them are. */
export function endToEndFields(fields: Fields, allows?: (name: string) => boolean): Fields {
  const named = new Set(
    fields
      .getAll('connection')
      .flatMap(splitList)
      .map((name) => name.toLowerCase()),
  );
  const kept = new Fields();
  fields.forEach((name, value, neverIndex) => {
    if (HOP_BY_HOP.has(name) || named.has(name) || allows?.(name) === false) return;
    kept.append(name, value, { neverIndex });
  });
  return kept;
}

/**
 * Counts Max-Forwards down (RFC 9110 §7.6.2). What a request that may go no further is answered with: by us, as if it had been for us, and
 * that with nothing to say for it; undefined for one that may.
 */
export function lastForward(method: string, fields: Fields): ServerResponse | undefined {
  const left = fields.get('max-forwards');
  if ((method !== 'OPTIONS' && method !== 'TRACE') || left === undefined || !isDigits(left)) return undefined;
  if (Number(left) === 0) return statusResponse(method === 'OPTIONS' ? 204 : 405, { allow: 'OPTIONS' });
  fields.set('max-forwards', String(Math.min(Number(left) - 1, Number.MAX_SAFE_INTEGER)));
  return undefined;
}

/** Adds this proxy to Via (RFC 9110 §7.6.3). */
export function addVia(fields: Fields, version: string, pseudonym: string): void {
  fields.append('via', `${version} ${pseudonym}`);
}

/** A message that has been here before. */
export function hasBeenHere(fields: Fields, pseudonym: string): boolean {
  return fields
    .getAll('via')
    .flatMap(splitList)
    .some((hop) => hop.split(' ').filter((part) => part !== '')[1] === pseudonym);
}
