import { asyncScheduler, type Observable, type SchedulerLike, Subject } from 'rxjs';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { Fields } from '../../operators/http/fields.js';
import { isIPAddress } from '../../operators/http/ip-address.js';
import { hostOf, isSecure } from './cookie-site.js';
import { parseStrictTransportSecurity } from './strict-transport-security.js';

/** A host that wants to be spoken to over TLS only. Plain, for saving: `restore` takes it back. */
export interface HstsHost {
  /** Lower case, in ASCII, without a trailing dot. */
  readonly host: string;
  readonly includeSubDomains: boolean;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

export interface HstsChange {
  readonly type: 'added' | 'replaced' | 'removed' | 'expired' | 'evicted';
  readonly host: HstsHost;
}

export interface HstsStoreConfig {
  /** Hosts at most; the one not asked for the longest time goes. Default 10 000. */
  readonly maxItems?: number | undefined;
  /** Clock of all expiry; default `asyncScheduler`. */
  readonly scheduler?: Pick<SchedulerLike, 'now'> | undefined;
}

const MAX_ITEMS = 10_000;

/**
 * Hosts known to want TLS only (RFC 6797): learned from their responses, asked before a request is made. There is no list of hosts
 * in it to begin with.
 *
 * @throws `UsageError` `INVALID_LIMIT`
 * @example
 * ```ts
 * import { Fields, HstsStore } from 'rxweir';
 * const hsts = new HstsStore();
 * const fields = new Fields({ 'strict-transport-security': 'max-age=31536000; includeSubDomains' });
 * hsts.store(fields, 'https://example.com/');
 * hsts.upgrade('http://www.example.com:80/x'); // 'https://www.example.com/x'
 * ```
 */
export class HstsStore implements Iterable<HstsHost> {
  readonly #maxItems: number;
  readonly #clock: Pick<SchedulerLike, 'now'>;
  readonly #changes = new Subject<HstsChange>();
  /** The one not used for the longest time first. */
  readonly #hosts = new Map<string, HstsHost>();

  /** What happens to the hosts, as it happens. */
  readonly changes$: Observable<HstsChange> = this.#changes.asObservable();

  constructor({ maxItems = MAX_ITEMS, scheduler = asyncScheduler }: HstsStoreConfig = {}) {
    if (!(maxItems >= 0)) throw new UsageError('INVALID_LIMIT', 'maxItems: not a number from 0 on');
    this.#maxItems = maxItems;
    this.#clock = scheduler;
  }

  get size(): number {
    return this.#hosts.size;
  }

  /** Milliseconds since the epoch at which the next host expires, or Infinity. */
  get cleanDue(): number {
    let due = Infinity;
    for (const { expires } of this.#hosts.values()) due = Math.min(due, expires);
    return due;
  }

  /**
   * Learns from a response: from its first Strict-Transport-Security field, if it came over TLS from a name whose certificate was
   * verified (§8.1). Whether it did.
   *
   * @param verified false where the certificate was not checked
   */
  store(fields: Fields, url: string | URL, verified = true): boolean {
    const value = fields.get('strict-transport-security');
    const from = new URL(url);
    if (value === undefined || !verified || !isSecure(from)) return false;
    const policy = parseStrictTransportSecurity(value);
    const host = hostOf(from);
    if (policy === undefined || host === '' || isIPAddress(host)) return false;
    if (policy.maxAge === 0) {
      this.remove(host);
      return true;
    }
    const { includeSubDomains } = policy;
    const expires = Math.min(this.#clock.now() + policy.maxAge * 1000, Number.MAX_SAFE_INTEGER); // which can be saved as it is
    this.#put({ host, includeSubDomains, expires });
    return true;
  }

  /** Whether a host, or one above it that speaks for those below, wants TLS only. */
  check(host: string): boolean {
    const name = canonical(host);
    if (name === undefined) return false;
    const now = this.#clock.now();
    for (let at = 0; at >= 0 && at < name.length; at = name.indexOf('.', at) + 1 || -1) {
      const known = this.#hosts.get(name.slice(at));
      if (known === undefined || known.expires <= now || (at > 0 && !known.includeSubDomains)) continue;
      this.#hosts.delete(known.host);
      this.#hosts.set(known.host, known); // used last
      return true;
    }
    return false;
  }

  /**
   * The URL to ask instead (§8.3): `https` for `http` and `wss` for `ws` if the host wants it, port 80 becoming the default, any
   * other kept. Else the URL itself.
   */
  upgrade(url: string): string {
    const to = new URL(url);
    if ((to.protocol !== 'http:' && to.protocol !== 'ws:') || !this.check(hostOf(to))) return url;
    const { port } = to;
    to.protocol = to.protocol === 'http:' ? 'https:' : 'wss:';
    to.port = port; // 80 was the default, and is none any more
    return to.href;
  }

  /** Forgets a host; whether it was known. */
  remove(host: string): boolean {
    return this.#drop(canonical(host) ?? '', 'removed');
  }

  /** Forgets the hosts that have expired; how many those were. */
  clean(): number {
    const now = this.#clock.now();
    const gone = [...this.#hosts.values()].filter(({ expires }) => expires <= now);
    for (const { host } of gone) this.#drop(host, 'expired');
    return gone.length;
  }

  /** Takes back what was saved; what has expired, and what is no name, is left out. */
  restore(hosts: Iterable<HstsHost>): void {
    const now = this.#clock.now();
    for (const { host, includeSubDomains, expires } of hosts) {
      const name = canonical(host);
      if (name !== undefined && expires > now) this.#put({ host: name, includeSubDomains, expires });
    }
  }

  /** All that have not expired, for saving. */
  *[Symbol.iterator](): IterableIterator<HstsHost> {
    const now = this.#clock.now();
    for (const host of this.#hosts.values()) if (host.expires > now) yield host;
  }

  #put(host: HstsHost): void {
    const type = this.#hosts.delete(host.host) ? 'replaced' : 'added';
    this.#hosts.set(host.host, host);
    this.#changes.next({ type, host });
    if (this.#hosts.size > this.#maxItems) this.clean();
    const [first] = this.#hosts.keys();
    if (this.#hosts.size > this.#maxItems && first !== undefined) this.#drop(first, 'evicted');
  }

  #drop(name: string, type: HstsChange['type']): boolean {
    const host = this.#hosts.get(name);
    if (host === undefined) return false;
    this.#hosts.delete(name);
    this.#changes.next({ type, host });
    return true;
  }
}

/** A name in the one form there is of it; undefined for an address, and for what is no name. */
function canonical(host: string): string | undefined {
  const url = `https://${host.includes(':') ? `[${host}]` : host}/`;
  if (host === '' || !URL.canParse(url)) return undefined;
  const name = hostOf(new URL(url));
  return name === '' || isIPAddress(name) ? undefined : name;
}
