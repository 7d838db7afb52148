import { acceptEncoding } from '../../operators/body/content-coding.js';
import { Fields } from '../../operators/http/fields.js';
import type { RequestConfig } from './request-config.js';
import type { HeadDefaults } from './request-head.js';

/** What the client adds to one request on its own account. */
export interface HeadAdditions {
  /** Value of Cookie from the client's store; empty for none. */
  readonly cookie: string;
  /** For a proxy that is asked for the whole URL; undefined where there is none. */
  readonly forwards: { readonly authorization: string | undefined } | undefined;
  /** It goes through a tunnel: what is meant for the proxy is not for the origin. */
  readonly tunnels: boolean;
}

export const NO_ADDITIONS: HeadAdditions = Object.freeze({ cookie: '', forwards: undefined, tunnels: false });

/** Value of Accept-Encoding where the client decodes what it gets. */
export const ACCEPT_ENCODING = acceptEncoding();

/** The request's own fields, below them the client's, and what is added. */
export function requestFields(
  { headers, body, compress }: RequestConfig,
  { fields: base }: HeadDefaults,
  { cookie, forwards, tunnels }: HeadAdditions,
): Fields {
  const fields = new Fields(headers);
  if (base) {
    const own = fields.clone();
    for (const { name, value, neverIndex } of base) if (!own.has(name)) fields.append(name, value, { neverIndex });
  }
  if (cookie !== '') fields.set('cookie', [...fields.getAll('cookie'), cookie].join('; ')); // one field (RFC 6265 §5.4)
  if (compress !== undefined && body !== undefined) {
    const coding = typeof compress === 'string' ? compress : compress.coding;
    fields.set('content-encoding', [...fields.getAll('content-encoding'), coding].join(', ')); // in the order applied
    fields.delete('content-length');
  }
  if (tunnels) fields.delete('proxy-authorization');
  else if (forwards?.authorization !== undefined && !fields.has('proxy-authorization')) {
    fields.append('proxy-authorization', forwards.authorization);
  }
  return fields;
}

/** Whether a coding of the content is asked for: none by a caller who does, nor for a part, nor for bytes both ways. */
export function asksForCoding(
  { decompress, method, upgrade }: RequestConfig,
  fields: Fields,
  base: HeadDefaults,
): boolean {
  if (!(decompress ?? base.decompress) || method === 'CONNECT' || upgrade !== undefined) return false;
  return !fields.has('accept-encoding') && !fields.has('range');
}
