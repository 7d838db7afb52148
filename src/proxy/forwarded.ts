import { quoteIfNeeded } from '../../operators/http/field-syntax.js';
import type { Fields } from '../../operators/http/fields.js';
import type { ServerRequest } from '../server/server-request.js';

/** What a proxy says of whom it asks for: in place of what the client says of those before it, behind that, or nothing. */
export type ForwardedMode = 'replace' | 'append' | 'none';

const NAMES = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'];

/**
 * Says on whose behalf a proxy asks: `Forwarded` (RFC 7239) and the three fields that were there before it. What the client has said is
 * kept by `append` alone: the server would take it for the proxy's word.
 */
export function addForwarded(fields: Fields, { remote, scheme, authority }: ServerRequest, mode: ForwardedMode): void {
  if (mode !== 'append') for (const name of NAMES) fields.delete(name);
  if (mode === 'none') return;
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
