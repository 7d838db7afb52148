/**
 * Netscape cookie files, as curl reads and writes them: seven columns with tabs between them. The second says whether hosts below the
 * domain are meant too, the fifth is in seconds and 0 for a session cookie, `#HttpOnly_` before a domain is no comment.
 *
 * There is no column for SameSite: what is read back does not say.
 */
import { isDigits } from '../../operators/http/field-syntax.js';
import { isIPAddress } from '../../operators/http/ip-address.js';
import { canonicalAttribute, registrableDomain } from './cookie-site.js';
import { hasControls } from './parse-set-cookie.js';
import { prefixHolds } from './receive-cookie.js';
import type { StoredCookie } from './stored-cookie.js';

const HTTP_ONLY = '#HttpOnly_';
const HEAD = '# Netscape HTTP Cookie File\n\n';

/**
 * The text of a cookie file. Cookies that its columns cannot hold are left out: those with a tab or another control character, and those
 * without a name, which curl would take the value for.
 *
 * @example
 * ```ts
 * import { CookieStore, writeNetscapeJar } from 'rxweir';
 * const cookies = new CookieStore();
 * cookies.store('a=1; Max-Age=60', { url: 'https://example.com/' });
 * console.log(writeNetscapeJar(cookies));
 * ```
 * @see readNetscapeJar
 */
export function writeNetscapeJar(cookies: Iterable<StoredCookie>): string {
  let text = HEAD;
  for (const { name, value, domain, hostOnly, path, secure, httpOnly, expires } of cookies) {
    if (name === '' || !fitsColumns(name + value + domain + path)) continue;
    const seconds = expires === undefined ? 0 : Math.max(1, Math.floor(expires / 1000));
    const columns = [
      `${httpOnly ? HTTP_ONLY : ''}${hostOnly ? '' : '.'}${domain}`,
      hostOnly ? 'FALSE' : 'TRUE',
      path,
      secure ? 'TRUE' : 'FALSE',
      seconds,
      name,
      value,
    ];
    text += `${columns.join('\t')}\n`;
  }
  return text;
}

/**
 * The cookies of a cookie file, read as Latin-1, which keeps its bytes; lines that are none are skipped. Give them to `restore` of a store.
 *
 * @param now becomes their creation time, in milliseconds since the epoch
 * @example
 * ```ts
 * import { CookieStore, readNetscapeJar } from 'rxweir';
 * const jar = '.example.com\tTRUE\t/\tFALSE\t0\ta\t1\n';
 * new CookieStore().restore(readNetscapeJar(jar, Date.now()));
 * ```
 * @see writeNetscapeJar
 */
export function readNetscapeJar(text: string, now: number): StoredCookie[] {
  return text.split('\n').flatMap((line) => readLine(line.endsWith('\r') ? line.slice(0, -1) : line, now) ?? []);
}

function readLine(line: string, now: number): StoredCookie | undefined {
  const httpOnly = line.startsWith(HTTP_ONLY);
  const rest = httpOnly ? line.slice(HTTP_ONLY.length) : line;
  if (rest.startsWith('#')) return undefined;
  const [written = '', below, path = '', secured, seconds = '', name, value = '', more] = rest.split('\t');
  const domain = canonicalAttribute(written.startsWith('.') ? written.slice(1) : written);
  if (domain === undefined || name === undefined || more !== undefined || !path.startsWith('/')) return undefined;
  if (!isFlag(below) || !isFlag(secured) || !isDigits(seconds) || hasControls(name + value + path)) return undefined;
  const hostOnly = below === 'FALSE';
  const secure = secured === 'TRUE';
  const suffix = isIPAddress(domain) || registrableDomain(domain) === undefined;
  if ((suffix && !hostOnly) || !prefixHolds(name, value, secure, hostOnly && path === '/')) return undefined;
  const expires = seconds === '0' ? undefined : Number(seconds) * 1000;
  return { name, value, domain, hostOnly, path, secure, httpOnly, sameSite: undefined, expires, created: now };
}

/** Tabs end a column, and other controls a line, in curl or elsewhere. */
function fitsColumns(text: string): boolean {
  return !text.includes('\t') && !hasControls(text);
}

function isFlag(text: string | undefined): boolean {
  return text === 'TRUE' || text === 'FALSE';
}
