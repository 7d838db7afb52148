import { UsageError } from '../../operators/core/protocol-error.js';
import { basicCredentials } from '../../operators/exchange/credentials.js';
import { joinAuthority } from '../../operators/http/authority.js';
import type { Place } from './open-route.js';
import { parseProxy, ProxyAddress, type ProxyCredentials } from './proxy-address.js';
import { proxyFromEnvironment } from './proxy-from-environment.js';
import type { RequestConfig } from './request-config.js';
import type { Target } from './target.js';

type OneProxy = string | URL | ProxyAddress;

/**
 * Which proxy: its URL, several of them to go through one after the other, `environment` for the one that the variables of the
 * process name (see `proxyFromEnvironment`), `false` for none.
 */
export type ProxyChoice = OneProxy | readonly OneProxy[] | false;

/** The way to a target. */
export interface Route {
  /** In the order they are gone through. */
  readonly proxies: readonly ProxyAddress[];
  /** The last of them is asked for the whole URL (RFC 9112 §3.2.2); else it opens a tunnel. */
  readonly forwards: boolean;
}

export const DIRECT: Route = Object.freeze({ proxies: Object.freeze([]), forwards: false });

/** A choice with its URLs read. @throws UsageError `INVALID_PROXY` */
export function readProxyChoice(choice: ProxyChoice | undefined): readonly ProxyAddress[] | 'environment' {
  if (choice === undefined || choice === false) return DIRECT.proxies;
  if (choice === 'environment') return choice;
  return (isList(choice) ? choice : [choice]).map((one) => (one instanceof ProxyAddress ? one : parseProxy(one)));
}

function isList(choice: OneProxy | readonly OneProxy[]): choice is readonly OneProxy[] {
  return Array.isArray(choice);
}

/**
 * The way a request goes. One that says `http:` and speaks HTTP/1 is handed to an HTTP proxy whole; everything else goes through
 * tunnels, and nobody between sees more of it than where it goes.
 *
 * @throws UsageError `INVALID_PROXY`, and `INVALID_OPTION` for a proxy and a UNIX socket at a time
 */
export function routeOf(
  chosen: readonly ProxyAddress[] | 'environment',
  config: RequestConfig,
  target: Target,
  socketPath: string | undefined,
): Route {
  const choice = config.proxy === undefined ? chosen : readProxyChoice(config.proxy);
  const proxies = proxiesFor(choice, target.url, socketPath);
  const last = proxies[proxies.length - 1];
  if (last === undefined) return DIRECT;
  const speaksHttp = last.scheme === 'http' || last.scheme === 'https';
  return { proxies, forwards: speaksHttp && !wantsBytes(config, target) };
}

/** The way for bytes. @throws UsageError as {@link routeOf} */
export function tunnelRoute(choice: ProxyChoice | undefined, place: Place, socketPath: string | undefined): Route {
  const url = `${place.secure ? 'https' : 'http'}://${joinAuthority(place.host, place.port)}`;
  const proxies = proxiesFor(readProxyChoice(choice), url, socketPath);
  return proxies.length === 0 ? DIRECT : { proxies, forwards: false };
}

function proxiesFor(
  choice: readonly ProxyAddress[] | 'environment',
  url: string,
  socketPath: string | undefined,
): readonly ProxyAddress[] {
  if (choice === 'environment') {
    const proxy = socketPath === undefined ? proxyFromEnvironment(process.env, url) : undefined;
    return proxy === undefined ? DIRECT.proxies : [proxy];
  }
  if (choice.length > 0 && socketPath !== undefined) {
    throw new UsageError('INVALID_OPTION', 'either a proxy or a UNIX socket');
  }
  return choice;
}

/** Whether it needs the bytes of the connection for itself. */
function wantsBytes({ version, upgrade, method }: RequestConfig, { secure }: Target): boolean {
  return secure || version === '2' || upgrade !== undefined || method === 'CONNECT';
}

/** Whether connections of the one will do for the other: the same proxies, as the same users. */
export function sameRoute(a: Route, b: Route): boolean {
  if (a === b) return true;
  if (a.forwards !== b.forwards || a.proxies.length !== b.proxies.length) return false;
  return a.proxies === b.proxies || a.proxies.every((proxy, i) => proxy.equals(b.proxies[i] as ProxyAddress));
}

/** Value of Proxy-Authorization. @throws UsageError `INVALID_CREDENTIALS` */
export function proxyAuthorization({ username, password }: ProxyCredentials): string {
  return basicCredentials(username, password);
}
