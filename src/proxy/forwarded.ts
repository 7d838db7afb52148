import { quoteIfNeeded } from '../../operators/http/field-syntax.js';
import type { Fields } from '../../operators/http/fields.js';
import type { ServerRequest } from '../server/server-request.js';

const NAMES = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'];

/**
 * Says on whose behalf a proxy asks: `Forwarded` (RFC 7239) and the three fields that were there before it.
 *
 * @param append believes what the client has said of those before it; else that is dropped
 */
export function addForwarded(fields: Fields, { remote, scheme, authority }: ServerRequest, append: boolean): void {
  if (!append) for (const name of NAMES) fields.delete(name);
  const address = remote.family === 'IPv4' || remote.family === 'IPv6' ? remote.address : undefined;
  const node = address === undefined ? 'unknown' : address.includes(':') ? `[${address}]` : address;
  const host = quoteIfNeeded(authority);
  const told = host === undefined || authority === '' ? '' : `;host=${host}`;
  join(fields, 'forwarded', `for=${quoteIfNeeded(node)}${told};proto=${scheme}`);
  join(fields, 'x-forwarded-for', address ?? 'unknown');
  if (authority !== '' && !fields.has('x-forwarded-host')) fields.set('x-forwarded-host', authority);
  if (!fields.has('x-forwarded-proto')) fields.set('x-forwarded-proto', scheme);
}

function join(fields: Fields, name: string, value: string): void {
  const before = fields.getCombined(name);
  fields.set(name, before === undefined ? value : `${before}, ${value}`);
}
