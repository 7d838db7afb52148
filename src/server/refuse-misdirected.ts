import { splitAuthority } from '../../operators/http/authority.js';
import { isIPAddress } from '../../operators/http/ip-address.js';
import type { Handler } from './respond-context.js';
import type { ServerResponse } from './server-response.js';

export interface RefuseMisdirectedConfig {
  /**
   * Whether a connection made for a name may be asked for a host: where one certificate is for several names, say. `servername` is
   * undefined where the client indicated none. Default: the same name, and an address without one.
   */
  readonly covers?: (servername: string | undefined, host: string) => boolean;
}

const MISDIRECTED: ServerResponse = Object.freeze({ status: 421 });

/**
 * A handler that is asked only about the host its connection was made for; requests for others get 421 Misdirected Request
 * (RFC 9110 §15.5.20), and clients come again on a connection of their own. For servers that pick contexts by an `SNICallback` of their own:
 * what was settled in the handshake for one name says nothing about another. Certificates by name do this without it. Requests without TLS pass.
 *
 * @example
 * ```ts
 * import { refuseMisdirected, serve } from 'rxweir';
 * serve({ port: 8443, tls: { SNICallback: contextOf } }, refuseMisdirected(({ authority }) => ({ body: authority }))).subscribe();
 * ```
 */
export function refuseMisdirected(handler: Handler, { covers = sameName }: RefuseMisdirectedConfig = {}): Handler {
  return (request) => {
    const { tls } = request;
    if (tls === undefined) return handler(request);
    const host = splitAuthority(request.authority)?.host ?? '';
    return covers(tls.servername, host) ? handler(request) : MISDIRECTED;
  };
}

function sameName(servername: string | undefined, host: string): boolean {
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  return servername === undefined ? isIPAddress(host) : servername.toLowerCase() === name;
}
