import { isExempt } from './no-proxy.js';
import { parseProxy, type ProxyAddress } from './proxy-address.js';

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy the environment names for a URL, or undefined for none: `http_proxy`, `https_proxy`, else `all_proxy`, unless the host is
 * in `no_proxy`. `ws` goes with http, `wss` with https.
 *
 * The lower-case name goes before the upper-case one, and an empty variable is none. `HTTP_PROXY` is never read: under CGI it is what
 * a client sent as the field `Proxy` ("httpoxy"). Where the program runs under CGI, `CGI_HTTP_PROXY` stands in for `http_proxy`, since
 * there are systems on which names have no case.
 *
 * @throws `UsageError` `INVALID_PROXY`
 * @example
 * ```ts
 * import { proxyFromEnvironment } from 'rxweir';
 * proxyFromEnvironment({ https_proxy: 'proxy:3128', no_proxy: '.local' }, 'https://example.com/'); // http://proxy:3128
 * ```
 */
export function proxyFromEnvironment(env: Environment, target: string | URL): ProxyAddress | undefined {
  const url = new URL(target);
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  const plain = url.protocol === 'http:' || url.protocol === 'ws:';
  const port = url.port === '' ? (secure ? 443 : plain ? 80 : -1) : Number(url.port);
  if (isExempt(read(env, 'no_proxy') ?? '', url.hostname, port)) return undefined;
  const own = secure ? read(env, 'https_proxy') : plain ? httpProxy(env) : undefined;
  const text = own ?? read(env, 'all_proxy');
  return text === undefined ? undefined : parseProxy(text);
}

function httpProxy(env: Environment): string | undefined {
  const cgi = value(env['GATEWAY_INTERFACE']) !== undefined || value(env['REQUEST_METHOD']) !== undefined;
  return value(cgi ? env['CGI_HTTP_PROXY'] : env['http_proxy']);
}

function read(env: Environment, name: string): string | undefined {
  return value(env[name]) ?? value(env[name.toUpperCase()]);
}

/** Without white space around it; what is empty is not there. */
function value(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
}
