/** Hosts, registrable domains and sites (RFC 6265bis §5.1.3, §5.2), by the public suffix list that tough-cookie carries. */
import { isIPAddress } from '../../operators/http/ip-address.js';
import { toughCookie } from './tough-cookie.js';

/** The host of a URL in its one form: lower case, ASCII, no brackets, no trailing dot. */
export function hostOf(url: URL): string {
  const { hostname } = url;
  if (hostname.startsWith('[')) return hostname.slice(1, -1);
  return hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
}

export function isSecure({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'wss:';
}

/** The public suffix and one label more, or undefined for a suffix itself; an address is its own. */
export function registrableDomain(host: string): string | undefined {
  if (isIPAddress(host)) return host;
  return toughCookie().getPublicSuffix(host, { allowSpecialUseDomain: true, ignoreError: true });
}

/** A domain in the same form; undefined for what is none, such as one with another dot before it or behind it. */
export function canonicalAttribute(domain: string): string | undefined {
  if (domain.startsWith('.') || domain.endsWith('.') || domain.includes(' ') || domain.includes('\t')) return undefined;
  try {
    return toughCookie().canonicalDomain(domain) || undefined;
  } catch {
    return undefined; // beyond ASCII, and no name in IDNA either
  }
}

/** Whether two hosts are of the same site: the same registrable domain, or the same host where there is none. */
export function isSameSite(host: string, site: string | undefined): boolean {
  if (site === undefined) return true;
  const other = site.includes('://') ? parsed(site) : parsed(`http://${site.includes(':') ? `[${site}]` : site}`);
  if (other === undefined) return false;
  return other === host || (registrableDomain(host) ?? host) === (registrableDomain(other) ?? other);
}

function parsed(url: string): string | undefined {
  return URL.canParse(url) ? hostOf(new URL(url)) : undefined;
}
