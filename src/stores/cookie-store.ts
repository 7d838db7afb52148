import { asyncScheduler, type Observable, Subject, type SchedulerLike } from 'rxjs';
import type { Fields } from '../../operators/http/fields.js';
import { isIPAddress } from '../../operators/http/ip-address.js';
import { isSafeMethod } from '../../operators/http/method.js';
import { resolveCookieLimits, type CookieLimits } from './cookie-limits.js';
import { hostOf, isSameSite, isSecure } from './cookie-site.js';
import { hasControls } from './parse-set-cookie.js';
import { receiveCookie } from './receive-cookie.js';
import type { CookieChange, CookieContext, StoredCookie } from './stored-cookie.js';
import { toughCookie } from './tough-cookie.js';

export interface CookieStoreConfig {
  readonly limits?: Partial<CookieLimits> | undefined;
  /** Clock of all expiry; default `asyncScheduler`. */
  readonly scheduler?: Pick<SchedulerLike, 'now'> | undefined;
  /** Whether a cookie without a name is one, as RFC 6265bis has it; default true. */
  readonly nameless?: boolean | undefined;
}

/** A cookie and when it was last sent. */
interface Entry {
  cookie: StoredCookie;
  accessed: number;
  /** Order of creation within one millisecond. */
  readonly index: number;
}

/**
 * Cookies, kept as RFC 6265bis says: which host they are from, where they may go, and until when. Matching, parsing and the public
 * suffix list are those of `tough-cookie`.
 *
 * One store is one user: whoever shares it sends the cookies of all. A client therefore has none unless it is given one.
 *
 * @throws `UsageError` `INVALID_LIMIT`
 * @example
 * ```ts
 * import { CookieStore } from 'rxweir';
 * const cookies = new CookieStore();
 * cookies.changes$.subscribe(({ type, cookie }) => console.log(type, cookie.name));
 * cookies.store('sid=1; Secure; HttpOnly; Path=/', { url: 'https://example.com/login' });
 * cookies.lookup({ url: 'https://example.com/' }); // 'sid=1'
 * ```
 */
export class CookieStore {
  readonly #limits: CookieLimits;
  readonly #clock: Pick<SchedulerLike, 'now'>;
  readonly #nameless: boolean;
  readonly #changes = new Subject<CookieChange>();
  /** By domain, then by path and name. */
  readonly #domains = new Map<string, Map<string, Entry>>();
  #size = 0;
  #created = 0;

  /** What happens to the cookies, as it happens. */
  readonly changes$: Observable<CookieChange> = this.#changes.asObservable();

  constructor({ limits, scheduler = asyncScheduler, nameless = true }: CookieStoreConfig = {}) {
    this.#limits = resolveCookieLimits(limits);
    this.#clock = scheduler;
    this.#nameless = nameless;
  }

  /** Cookies in it, expired ones that were not noticed yet included. */
  get size(): number {
    return this.#size;
  }

  /** Milliseconds since the epoch at which the next cookie expires, or Infinity. */
  get cleanDue(): number {
    let due = Infinity;
    for (const { cookie } of this.#entries()) due = Math.min(due, cookie.expires ?? Infinity);
    return due;
  }

  /** Takes the value of one Set-Cookie field; the cookie that is now kept, or undefined where it was ignored or deletes one. */
  store(setCookie: string, context: CookieContext): StoredCookie | undefined {
    const url = new URL(context.url);
    const now = this.#clock.now();
    const cookie = receiveCookie(setCookie, context, url, now, this.#limits, this.#nameless);
    if (cookie === undefined || (!isSecure(url) && this.#shadowsSecure(cookie))) return undefined;
    if (context.http === false && this.#find(cookie)?.cookie.httpOnly) return undefined;
    return this.#put(cookie, now);
  }

  /** Takes the Set-Cookie fields of a response, as many as `maxCookiesPerResponse`; how many cookies it now keeps of them. */
  storeAll(fields: Fields, context: CookieContext): number {
    if (context.method === 'CONNECT') return 0; // those of a proxy are nobody's
    let kept = 0;
    for (const value of fields.getAll('set-cookie').slice(0, this.#limits.maxCookiesPerResponse)) {
      if (this.store(value, context) !== undefined) kept++;
    }
    return kept;
  }

  /** Keeps cookies from elsewhere, such as a file: with their own creation time; left out are expired ones, and what no field can carry. */
  restore(cookies: Iterable<StoredCookie>): void {
    const now = this.#clock.now();
    for (const cookie of cookies) if (fitsField(cookie)) this.#put(cookie, now);
  }

  /** The value of the Cookie field for a request, at most `maxFieldLength` bytes; empty where no field is to be sent. */
  lookup(context: CookieContext): string {
    let text = '';
    for (const { name, value } of this.matching(context)) {
      const pair = asBytes(name === '' ? value : `${name}=${value}`);
      const longer = text === '' ? pair : `${text}; ${pair}`;
      if (longer.length <= this.#limits.maxFieldLength) text = longer;
    }
    return text;
  }

  /** The cookies for a request, in the order they are sent: longer paths first, then older ones. */
  matching(context: CookieContext): StoredCookie[] {
    if (context.method === 'CONNECT') return [];
    this.clean();
    const url = new URL(context.url);
    const host = hostOf(url);
    const now = this.#clock.now();
    const found: Entry[] = [];
    for (const domain of domainsOf(host)) {
      for (const entry of this.#domains.get(domain)?.values() ?? []) {
        if (this.#goesTo(entry.cookie, host, url, context)) found.push(entry);
      }
    }
    found.sort(sendingOrder);
    for (const entry of found) entry.accessed = now;
    return found.map(({ cookie }) => cookie);
  }

  /** The cookie of that identity, if there is one that has not expired. */
  get(domain: string, path: string, name: string): StoredCookie | undefined {
    const entry = this.#domains.get(domain.toLowerCase())?.get(keyOf(path, name));
    return entry === undefined || isOver(entry.cookie, this.#clock.now()) ? undefined : entry.cookie;
  }

  /** Removes the cookies of a domain, of one of its paths, or just one; how many. */
  remove(domain: string, path?: string, name?: string): number {
    const gone = [...(this.#domains.get(domain.toLowerCase())?.values() ?? [])].filter(
      ({ cookie }) => (path ?? cookie.path) === cookie.path && (name ?? cookie.name) === cookie.name,
    );
    for (const { cookie } of gone) this.#drop(cookie, 'removed');
    return gone.length;
  }

  /** Removes what has expired; how many cookies that were. */
  clean(): number {
    const now = this.#clock.now();
    const gone = [...this.#entries()].filter(({ cookie }) => isOver(cookie, now));
    for (const { cookie } of gone) this.#drop(cookie, 'expired');
    return gone.length;
  }

  /** Removes everything. */
  clear(): void {
    for (const { cookie } of Array.from(this.#entries())) this.#drop(cookie, 'removed');
  }

  /** All that have not expired. */
  *[Symbol.iterator](): IterableIterator<StoredCookie> {
    const now = this.#clock.now();
    for (const { cookie } of this.#entries()) if (!isOver(cookie, now)) yield cookie;
  }

  #put(cookie: StoredCookie, now: number): StoredCookie | undefined {
    const old = this.#find(cookie);
    if (isOver(cookie, now)) {
      if (old !== undefined) this.#drop(old.cookie, 'removed');
      return undefined;
    }
    if (old !== undefined) {
      old.cookie = { ...cookie, created: old.cookie.created };
      old.accessed = now;
      this.#changes.next({ type: 'replaced', cookie: old.cookie });
      return old.cookie;
    }
    let entries = this.#domains.get(cookie.domain);
    if (entries === undefined) this.#domains.set(cookie.domain, (entries = new Map()));
    entries.set(keyOf(cookie.path, cookie.name), { cookie, accessed: now, index: this.#created++ });
    this.#size++;
    this.#changes.next({ type: 'added', cookie });
    this.#makeRoom(cookie.domain);
    return this.#find(cookie)?.cookie;
  }

  /** RFC 6265bis §5.7.3: what has expired goes first, then what is not secure, then what was not used for longest. */
  #makeRoom(domain: string): void {
    const { maxCookies, maxCookiesPerDomain } = this.#limits;
    if (this.#size > maxCookies || (this.#domains.get(domain)?.size ?? 0) > maxCookiesPerDomain) this.clean();
    const own = this.#domains.get(domain);
    if (own !== undefined && own.size > maxCookiesPerDomain) this.#evict(own.values(), true);
    if (this.#size > maxCookies) this.#evict(this.#entries(), false);
  }

  #evict(entries: Iterable<Entry>, plainFirst: boolean): void {
    let worst: Entry | undefined;
    for (const entry of entries) if (worst === undefined || goesBefore(entry, worst, plainFirst)) worst = entry;
    if (worst !== undefined) this.#drop(worst.cookie, 'evicted');
  }

  /** A cookie from plain http must not take the place of a secure one, nor hide it (RFC 6265bis §5.7 step 15). */
  #shadowsSecure(cookie: StoredCookie): boolean {
    if (cookie.secure) return false;
    for (const { cookie: other } of this.#entries()) {
      if (!other.secure || other.name !== cookie.name || !toughCookie().pathMatch(cookie.path, other.path)) continue;
      if (
        toughCookie().domainMatch(other.domain, cookie.domain, false) ||
        toughCookie().domainMatch(cookie.domain, other.domain, false)
      )
        return true;
    }
    return false;
  }

  #goesTo(cookie: StoredCookie, host: string, url: URL, context: CookieContext): boolean {
    if (cookie.hostOnly && cookie.domain !== host) return false;
    if (!toughCookie().pathMatch(url.pathname, cookie.path) || (cookie.secure && !isSecure(url))) return false;
    if (cookie.httpOnly && context.http === false) return false;
    if (cookie.sameSite === 'none' || isSameSite(host, context.siteForCookies)) return true;
    return cookie.sameSite !== 'strict' && context.topLevel === true && isSafeMethod(context.method ?? 'GET');
  }

  #find({ domain, path, name }: StoredCookie): Entry | undefined {
    return this.#domains.get(domain)?.get(keyOf(path, name));
  }

  #drop(cookie: StoredCookie, type: CookieChange['type']): void {
    const entries = this.#domains.get(cookie.domain);
    if (!entries?.delete(keyOf(cookie.path, cookie.name))) return;
    if (entries.size === 0) this.#domains.delete(cookie.domain);
    this.#size--;
    this.#changes.next({ type, cookie });
  }

  *#entries(): IterableIterator<Entry> {
    for (const entries of this.#domains.values()) yield* entries.values();
  }
}

/** What came in a field has one code unit for each byte; anything wider is sent as its UTF-8. */
function asBytes(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0xff) return Buffer.from(text, 'utf8').toString('latin1');
  }
  return text;
}

/** A semicolon would begin another cookie. */
function fitsField({ name, value }: StoredCookie): boolean {
  const text = name + value;
  return !text.includes(';') && !hasControls(text);
}

/** Paths and names have no control bytes. */
function keyOf(path: string, name: string): string {
  return `${path}\n${name}`;
}

/** The domains whose cookies a host may be sent: itself, and those above it unless it is an address (RFC 6265bis §5.1.3). */
function domainsOf(host: string): string[] {
  const domains = [host];
  if (isIPAddress(host)) return domains;
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) domains.push(host.slice(dot + 1));
  return domains;
}

function isOver({ expires }: StoredCookie, now: number): boolean {
  return expires !== undefined && expires <= now;
}

/** RFC 6265bis §5.8.3. */
function sendingOrder(a: Entry, b: Entry): number {
  return b.cookie.path.length - a.cookie.path.length || a.cookie.created - b.cookie.created || a.index - b.index;
}

function goesBefore(a: Entry, b: Entry, plainFirst: boolean): boolean {
  if (plainFirst && a.cookie.secure !== b.cookie.secure) return !a.cookie.secure;
  return a.accessed - b.accessed < 0 || (a.accessed === b.accessed && a.index < b.index);
}
