/** Which web pages may connect (RFC 6455 §10.2): the browser names the page's origin, and only the server can refuse it. */
import { sameAuthority } from '../http/authority.js';

/**
 * - `same-host`, the default: pages of the host and port the request is for; and requests without Origin, which browsers
 *   do not make.
 * - `any`: every page, for what is public and knows no cookies.
 * - A list of origins (`https://a.example`), or a function; both decide about requests without Origin too: undefined.
 */
export type OriginPolicy = 'same-host' | 'any' | readonly string[] | ((origin: string | undefined) => boolean);

/** @param origins the values of Origin; more than one is never allowed, but by `any` */
export function mayConnect(origins: readonly string[], authority: string, policy: OriginPolicy = 'same-host'): boolean {
  if (policy === 'any') return true;
  if (origins.length > 1) return false;
  const [origin] = origins;
  if (typeof policy === 'function') return policy(origin);
  if (policy !== 'same-host') return origin !== undefined && policy.includes(origin);
  return origin === undefined || isSameHost(origin, authority);
}

function isSameHost(origin: string, authority: string): boolean {
  const at = origin.indexOf('://');
  if (at < 0) return false; // "null" too
  const scheme = origin.slice(0, at).toLowerCase();
  if (scheme !== 'http' && scheme !== 'https') return false;
  return authority !== '' && sameAuthority(origin.slice(at + 3), authority, scheme);
}
