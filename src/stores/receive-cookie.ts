/** From a Set-Cookie value to a cookie that may be stored (RFC 6265bis §5.7). */
import { isIPAddress } from '../../operators/http/ip-address.js';
import type { CookieLimits } from './cookie-limits.js';
import { canonicalAttribute, hostOf, isSameSite, isSecure, registrableDomain } from './cookie-site.js';
import { parseSetCookie, type SetCookie } from './parse-set-cookie.js';
import type { CookieContext, StoredCookie } from './stored-cookie.js';
import { toughCookie } from './tough-cookie.js';

/**
 * The cookie, or undefined where it is to be ignored. One that has expired already comes back too: it deletes.
 *
 * @param nameless whether a cookie without a name is one (RFC 6265bis), or none (RFC 6265)
 */
export function receiveCookie(
  text: string,
  context: CookieContext,
  url: URL,
  now: number,
  limits: CookieLimits,
  nameless: boolean,
): StoredCookie | undefined {
  const cookie = parseSetCookie(text);
  if (cookie === undefined || (cookie.name === '' && !nameless)) return undefined;
  const { name, value, secure, httpOnly, sameSite } = cookie;
  if (byteLength(name) + byteLength(value) > limits.maxCookieLength) return undefined;

  const host = hostOf(url);
  const within = scope(cookie.domain, host, limits.maxAttributeLength);
  if (within === undefined) return undefined;
  const explicitPath = isPath(cookie.path, limits.maxAttributeLength);
  const path = explicitPath ? (cookie.path as string) : toughCookie().defaultPath(url.pathname);
  if (secure && !isSecure(url)) return undefined;
  if (httpOnly && context.http === false) return undefined;
  if (sameSite !== 'none' && !isSameSite(host, context.siteForCookies) && !context.topLevel) return undefined;
  if (!prefixHolds(name, value, secure, within.hostOnly && explicitPath && path === '/')) return undefined;

  const { domain, hostOnly } = within;
  const expires = expiry(cookie, now, limits.maxAge);
  return { name, value, domain, hostOnly, path, secure, httpOnly, sameSite, expires, created: now };
}

/** Where the cookie belongs, or undefined where it may not. */
function scope(
  attribute: string | undefined,
  host: string,
  maxLength: number,
): { domain: string; hostOnly: boolean } | undefined {
  if (attribute === undefined || attribute === '' || attribute.length > maxLength)
    return { domain: host, hostOnly: true };
  const domain = canonicalAttribute(attribute);
  if (domain === undefined) return undefined;
  // A public suffix or an address: for that very host at most.
  if (isIPAddress(domain) || registrableDomain(domain) === undefined) {
    return domain === host ? { domain, hostOnly: true } : undefined;
  }
  return toughCookie().domainMatch(host, domain, false) ? { domain, hostOnly: false } : undefined;
}

function isPath(path: string | undefined, maxLength: number): boolean {
  return path !== undefined && path.startsWith('/') && path.length <= maxLength;
}

/** `__Secure-` and `__Host-`, in whatever case, also where there is no name and the value pretends to one. */
export function prefixHolds(name: string, value: string, secure: boolean, toHostAlone: boolean): boolean {
  const start = (name === '' ? value : name).slice(0, 9).toLowerCase();
  const host = start.startsWith('__host-');
  if (!host && start !== '__secure-') return true;
  return name !== '' && secure && (!host || toHostAlone);
}

/** Max-Age before Expires, both no further than `maxAge` from now; undefined for a session cookie. */
function expiry({ maxAge, expires }: SetCookie, now: number, most: number): number | undefined {
  const latest = Math.min(now + most, Number.MAX_SAFE_INTEGER); // which can be saved as it is
  if (maxAge !== undefined) return maxAge <= 0 ? -Infinity : Math.min(now + maxAge * 1000, latest);
  return expires === undefined ? undefined : Math.min(expires, latest);
}

/** Of a field value each code unit is one byte; of anything wider, its UTF-8. */
function byteLength(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return Buffer.byteLength(text);
  return text.length;
}
