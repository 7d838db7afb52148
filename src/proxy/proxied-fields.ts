/** Which fields a proxy passes on, and what it says of itself (RFC 9110 §7.6). */
import { splitList } from '../../operators/http/field-syntax.js';
import { Fields } from '../../operators/http/fields.js';

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
