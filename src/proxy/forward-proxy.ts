import { asyncScheduler, catchError, Observable, of, type SchedulerLike, throwError, timeout } from 'rxjs';
import { TimeoutError, UsageError } from '../../operators/core/protocol-error.js';
import { splitAuthority } from '../../operators/http/authority.js';
import { isToken } from '../../operators/http/field-syntax.js';
import { createClient } from '../client/create-client.js';
import { LONGEST_WAIT } from '../connections/timeouts.js';
import { statusResponse } from '../handlers/status-response.js';
import type { Handler } from '../server/respond-context.js';
import type { ServerRequest } from '../server/server-request.js';
import type { ServerResponse } from '../server/server-response.js';
import { type ConnectTarget, type Network, nodeNetwork } from '../sockets/network.js';
import type { AddressPolicy } from '../sockets/resolved-address.js';
import type { ByteDuplex } from '../sockets/byte-duplex.js';
import { gatewayStatus, type MakeRequest, passOn } from './gateway.js';
import { addVia, endToEndFields, hasBeenHere, lastForward } from './proxied-fields.js';
import { pseudonym } from './reverse-proxy.js';
import { splice } from './splice.js';

/** Where a client of a proxy wants to go. */
export interface ProxyTarget {
  /** In lower case; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** A tunnel is asked for, not a request. */
  readonly tunnel: boolean;
}

export interface ForwardProxyConfig {
  /**
   * Who may be asked for: `host:port`, `host` for any port, `*.domain` for all names below it, or a function that knows. A name is judged as
   * it is written; that it does not lead to an address of yours is for `addressPolicy` to see to.
   */
  readonly allow: readonly string[] | ((target: ProxyTarget, request: ServerRequest) => boolean);
  /** Makes the requests that are not tunnels; default a client of its own, with the three options that follow. */
  readonly request?: MakeRequest;
  /** Opens the connections; default the machine's. */
  readonly network?: Network;
  /** Address lookup, in the form of `dns.lookup`. */
  readonly lookup?: ConnectTarget['lookup'];
  /** Whether to connect to an address: asked before each attempt; one that is refused is 403. Default all. */
  readonly addressPolicy?: AddressPolicy | undefined;
  /** Milliseconds until a tunnel stands; default 10 000. */
  readonly connectTimeout?: number;
  /** Milliseconds without a byte after which a tunnel is closed; default 300 000. 0 is none. */
  readonly idle?: number;
  /** Tunnels at a time; one more is 503. Default 1000. */
  readonly maxTunnels?: number;
  /** Name in Via; a request that has it already is 508. Default a random one. */
  readonly name?: string;
  /** Answers requests that are for this server itself; default 400. */
  readonly otherwise?: Handler;
  /** Clock of the limits; default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * A handler that is a proxy for clients which are told of it: requests for an absolute `http` URL are passed on, and CONNECT opens a tunnel
 * with backpressure both ways (RFC 9110 §7.6, §9.3.6). Only towards targets on its list; others are 403. Put `basicAuth` with `proxy: true`
 * around it to know who asks, and give it an `addressPolicy`, such as `publicAddressesOnly`, where names on the list are not yours.
 *
 * @throws UsageError `INVALID_OPTION`
 * @example
 * ```ts
 * import { forwardProxy, serve } from 'rxweir';
 * serve({ port: 8080 }, forwardProxy({ allow: ['*.example.com', 'registry.example:443'] })).subscribe();
 * ```
 */
export function forwardProxy(config: ForwardProxyConfig): Handler {
  const { scheduler = asyncScheduler, name = pseudonym(), idle = 300_000, maxTunnels = 1000 } = config;
  const { network = nodeNetwork, lookup, addressPolicy, connectTimeout = 10_000 } = config;
  const { otherwise = () => statusResponse(400) } = config;
  for (const [option, value] of Object.entries({ idle, maxTunnels, connectTimeout })) {
    if (!(value >= 0)) throw new UsageError('INVALID_OPTION', `${option}: a number that is not negative`);
  }
  if (!isToken(name)) throw new UsageError('INVALID_OPTION', 'name: a token');
  const allowed = typeof config.allow === 'function' ? config.allow : onList(config.allow);
  const make = config.request ?? ownClient({ network, lookup, addressPolicy, scheduler });
  const tunnels = { idle, scheduler };
  let open = 0;

  const tunnel = (target: ProxyTarget): Observable<ServerResponse> => {
    const connecting = network.connect({ host: target.host, port: target.port, lookup, addressPolicy });
    const late = (): Observable<never> => throwError(() => new TimeoutError('connect', connectTimeout));
    return new Observable<ServerResponse>((subscriber) => {
      if (open >= maxTunnels) {
        subscriber.next(statusResponse(503));
        subscriber.complete();
        return undefined;
      }
      open++;
      let waiting: ByteDuplex | undefined; // connected, and nobody has come for it yet
      let taken = false;
      const limited = connectTimeout === 0 || connectTimeout > LONGEST_WAIT ? connecting : connecting.pipe(timeout({ first: connectTimeout, scheduler, with: late })); // prettier-ignore
      const connection = limited.subscribe({
        next: (upstream) => {
          waiting = upstream;
          subscriber.next({
            status: 200,
            upgraded: (socket) => {
              taken = true;
              waiting = undefined;
              return new Observable<never>((tunnelled) => {
                tunnelled.add(() => open--);
                tunnelled.add(splice(socket, upstream, tunnels).subscribe(tunnelled));
              });
            },
          });
        },
        error: (error: unknown) => subscriber.error(error),
      });
      return () => {
        connection.unsubscribe();
        // Who comes for the connection comes in the same turn.
        scheduler.schedule(() => {
          if (taken) return;
          waiting?.error(new Error('the client has gone'));
          open--;
        });
      };
    }).pipe(
      catchError((error: unknown) => {
        const status = gatewayStatus(error);
        return status === undefined ? throwError(() => error) : of(statusResponse(status));
      }),
    );
  };

  return (request) => {
    const connect = request.method === 'CONNECT';
    if (connect && request.upgrade !== '') return statusResponse(501);
    const url = connect ? undefined : absoluteUrl(request);
    if (!connect && url === undefined) return otherwise(request);
    if (hasBeenHere(request.fields, name)) return statusResponse(508);
    const split = splitAuthority(connect ? request.authority : (url as URL).host, connect ? '' : 'http');
    if (split === undefined || split.host === '' || split.port < 1) return statusResponse(400);
    const target: ProxyTarget = { host: split.host, port: split.port, tunnel: connect };
    if (!allowed(target, request)) return statusResponse(403);
    if (url === undefined) return tunnel(target);

    const headers = endToEndFields(request.fields);
    const answer = lastForward(request.method, headers);
    if (answer !== undefined) return answer;
    headers.delete('host'); // that of the URL counts (RFC 9112 §3.2.2)
    addVia(headers, request.version, name);
    return passOn(make, {
      request,
      config: {
        url,
        method: request.method,
        headers,
        expectContinue: request.fields.get('expect')?.toLowerCase() === '100-continue',
        scheduler,
      },
      fieldsOf: ({ fields, version: received = '1.1' }) => {
        const passed = endToEndFields(fields);
        addVia(passed, received, name);
        return passed;
      },
      trailersOf: { request: endToEndFields, response: endToEndFields },
      upgradeOf: () => undefined,
      tunnels,
    });
  };
}

function ownClient(
  config: Pick<ForwardProxyConfig, 'network' | 'lookup' | 'addressPolicy' | 'scheduler'>,
): MakeRequest {
  const client = createClient({ ...config, userAgent: '', decompress: false, redirect: 'manual' });
  return (config) => client.request(config);
}

/** Of a request in absolute form (RFC 9112 §3.2.2), or over HTTP/2, where all are; only for `http`: `https` wants a tunnel. */
function absoluteUrl({ claimedScheme, authority, path }: ServerRequest): URL | undefined {
  const absolute = `http://${authority}${path}`;
  return claimedScheme === 'http' && URL.canParse(absolute) ? new URL(absolute) : undefined;
}

function onList(entries: readonly string[]): (target: ProxyTarget) => boolean {
  const known = new Set<string>();
  const domains: string[] = [];
  for (const entry of entries) {
    const lower = entry.toLowerCase();
    if (lower.startsWith('*.')) domains.push(lower.slice(1));
    else if (splitAuthority(lower) === undefined) {
      throw new UsageError('INVALID_OPTION', `allow: ${entry} is neither host:port, nor host, nor *.domain`);
    } else known.add(lower);
  }
  return ({ host, port }) => {
    const written = host.includes(':') ? `[${host}]` : host;
    if (known.has(written) || known.has(`${written}:${port}`)) return true;
    return domains.some((domain) => host.length > domain.length && host.endsWith(domain));
  };
}
