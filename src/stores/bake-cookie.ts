/** What servers do with cookies: write Set-Cookie, read Cookie. */
import { UsageError } from '../../operators/core/protocol-error.js';
import type { Fields } from '../../operators/http/fields.js';
import { isToken, trimOws } from '../../operators/http/field-syntax.js';
import type { SameSite } from './stored-cookie.js';

export interface BakeCookieConfig {
  readonly name: string;
  /** Visible ASCII without comma, semicolon, quotes and backslash; encode anything else before. */
  readonly value: string;
  /** When it ends, in milliseconds since the epoch; Infinity and undefined: with the session; -Infinity: at once, which deletes it. */
  readonly expires?: number | undefined;
  /** How long it lives, in seconds; 0 deletes it. */
  readonly maxAge?: number | undefined;
  readonly domain?: string | undefined;
  readonly path?: string | undefined;
  readonly secure?: boolean | undefined;
  readonly httpOnly?: boolean | undefined;
  readonly sameSite?: SameSite | undefined;
}

/**
 * The value of a Set-Cookie field (RFC 6265bis §4.1).
 *
 * @throws `UsageError` `INVALID_COOKIE` for what cannot be one, also where a prefix promises what the attributes do not keep.
 * @example
 * ```ts
 * import { bakeCookie } from 'rxweir';
 * bakeCookie({ name: 'sid', value: '31d4', maxAge: 3600, path: '/', secure: true, httpOnly: true, sameSite: 'lax' });
 * // 'sid=31d4; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax'
 * ```
 * @see parseCookies
 */
export function bakeCookie(config: BakeCookieConfig): string {
  const { name, value, expires, domain, path, secure, httpOnly, sameSite } = config;
  if (!isToken(name)) throw invalid('name');
  if (!isCookieValue(value)) throw invalid('value');
  const maxAge = config.maxAge ?? (expires === -Infinity ? 0 : undefined);
  let text = `${name}=${value}`;
  if (expires !== undefined && Math.abs(expires) !== Infinity) {
    if (Number.isNaN(new Date(expires).getTime())) throw invalid('expires');
    text += `; Expires=${new Date(expires).toUTCString()}`;
  }
  if (maxAge !== undefined) {
    if (!Number.isSafeInteger(maxAge)) throw invalid('maxAge');
    text += `; Max-Age=${maxAge}`;
  }
  if (domain !== undefined) text += `; Domain=${attribute('domain', domain)}`;
  if (path !== undefined) {
    if (!path.startsWith('/')) throw invalid('path');
    text += `; Path=${attribute('path', path)}`;
  }
  if (secure) text += '; Secure';
  if (httpOnly) text += '; HttpOnly';
  if (sameSite !== undefined) text += `; SameSite=${SAME_SITE.get(sameSite) ?? invalidSite()}`;
  const prefix = name.toLowerCase();
  const kept = prefix.startsWith('__host-') ? secure && domain === undefined && path === '/' : secure;
  if ((prefix.startsWith('__host-') || prefix.startsWith('__secure-')) && !kept) throw invalid('prefix of the name');
  return text;
}

/**
 * The cookies of a request by name, of all its Cookie fields; of two with one name the later one. Pairs without a name, and all that
 * is no pair, are left out; a value in quotes keeps them.
 *
 * @example
 * ```ts
 * import { Fields, parseCookies } from 'rxweir';
 * parseCookies(new Fields({ cookie: 'a=1; b=2' })).get('b'); // '2'
 * ```
 * @see bakeCookie
 */
export function parseCookies(fields: Fields): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const field of fields.getAll('cookie')) {
    for (const pair of field.split(';')) {
      const equals = pair.indexOf('=');
      const name = trimOws(pair.slice(0, Math.max(0, equals)));
      if (name !== '') cookies.set(name, trimOws(pair.slice(equals + 1)));
    }
  }
  return cookies;
}

const SAME_SITE: ReadonlyMap<string, string> = new Map([
  ['strict', 'Strict'],
  ['lax', 'Lax'],
  ['none', 'None'],
]);

function isCookieValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f || '",;\\'.includes(text[i] as string)) return false;
  }
  return true;
}

function attribute(name: string, text: string): string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code >= 0x7f || code === 0x3b) throw invalid(name);
  }
  return text;
}

function invalid(what: string): UsageError {
  return new UsageError('INVALID_COOKIE', `the ${what} of a cookie cannot be sent`);
}

function invalidSite(): never {
  throw invalid('sameSite');
}
