import type { CookieStore } from '../stores/cookie-store.js';
import type { HstsStore } from '../stores/hsts-store.js';
import type { SocketInfo } from '../sockets/byte-duplex.js';
import type { AnyResponseHead } from './lease.js';
import type { PreparedRequest } from './prepared-request.js';

/** What a client remembers, of those stores that it was given. */
export interface ClientStores {
  readonly cookies: CookieStore | undefined;
  readonly hsts: HstsStore | undefined;
}

export function clientStores({ cookies, hsts }: Partial<ClientStores>): ClientStores | undefined {
  return cookies === undefined && hsts === undefined ? undefined : { cookies, hsts };
}

/** Takes in what a response head says to remember: of the origin, never of a proxy, and over TLS only where it was verified. */
export function learn(
  { cookies, hsts }: ClientStores,
  { target, config, method, route }: PreparedRequest,
  { status, fields }: AnyResponseHead,
  { tls }: SocketInfo,
): void {
  if (route.forwards && status === 407) return;
  const { siteForCookies, topLevel } = config;
  if (config.cookies !== false) cookies?.storeAll(fields, { url: target.url, method, siteForCookies, topLevel });
  if (target.secure) hsts?.store(fields, target.url, tls?.authorized === true);
}
