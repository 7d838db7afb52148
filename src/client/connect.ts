import { asyncScheduler, map, Observable, throwError, timeout, type SchedulerLike } from 'rxjs';
import { TimeoutError, UsageError } from '../../operators/core/protocol-error.js';
import { Http1Connection } from '../../operators/http1/http1-connection.js';
import { resolveLimits, type Http1Limits } from '../../operators/http1/limits.js';
import type { SocketInfo } from '../sockets/byte-duplex.js';
import { nodeNetwork, type ConnectTarget } from '../sockets/network.js';
import type { ConnectionOptions } from './connection-options.js';
import { parseTarget } from './target.js';
import { DEFAULT_TIMEOUTS } from './timeouts.js';

/** Where to connect, by URL or by its parts, and how. */
export interface ConnectConfig extends ConnectionOptions {
  /** Its scheme, host and port count; `https` speaks TLS. */
  readonly url?: string | URL | undefined;
  /** In place of `url`. With `tls` set it speaks TLS. */
  readonly host?: string | undefined;
  /** Default 80, or 443 with TLS. */
  readonly port?: number | undefined;
  readonly limits?: Partial<Http1Limits> | undefined;
  /** Milliseconds until the connection stands, TLS included; 0 or Infinity is none. Default 10 000. */
  readonly timeout?: number | undefined;
  /** Clock of `timeout`; default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * Makes one HTTP/1 connection to drive by hand, outside any pool. Cold: emits it and completes; it then belongs to the
 * subscriber. Unsubscribing before that gives up.
 *
 * Errors: `NetworkError`, `TimeoutError` `TIMEOUT_CONNECT`; `UsageError` `INVALID_URL`, `UNSUPPORTED_SCHEME`,
 * `INVALID_OPTION`, `INVALID_TIMEOUT`, `INVALID_LIMIT`.
 *
 * @example
 * ```ts
 * import { connect } from 'rxweir';
 * connect({ host: '127.0.0.1', port: 8080 }).subscribe((connection) => {
 *   const stream = connection.openStream();
 *   stream.subscribe((event) => console.log(event));
 *   stream.next({ type: 'request', method: 'OPTIONS', target: '*', fields: { host: '127.0.0.1:8080' } });
 *   stream.complete();
 *   connection.close();
 * });
 * ```
 */
export function connect(config: string | URL | ConnectConfig): Observable<Http1Connection<SocketInfo>> {
  const given: ConnectConfig = typeof config === 'string' || config instanceof URL ? { url: config } : config;
  return new Observable((subscriber) => {
    const limits = resolveLimits('client', given.limits);
    const milliseconds = connectTimeout(given.timeout);
    const { network = nodeNetwork, scheduler = asyncScheduler } = given;
    const socket = network.connect(targetOf(given));
    const inTime =
      milliseconds === 0
        ? socket
        : socket.pipe(
            timeout({
              first: milliseconds,
              scheduler,
              with: () => throwError(() => new TimeoutError('connect', milliseconds)),
            }),
          );
    return inTime.pipe(map((one) => new Http1Connection(one, limits))).subscribe(subscriber);
  });
}

function connectTimeout(milliseconds: number = DEFAULT_TIMEOUTS.connect): number {
  if (typeof milliseconds === 'number' && milliseconds >= 0) return milliseconds === Infinity ? 0 : milliseconds;
  throw new UsageError('INVALID_TIMEOUT', 'timeout: not a number of milliseconds');
}

function targetOf(config: ConnectConfig): ConnectTarget {
  const { socketPath, tls, localAddress, localPort, family, lookup, highWaterMark } = config;
  const { secure, host, port } = placeOf(config);
  return {
    host,
    port,
    path: socketPath,
    localAddress,
    localPort,
    family,
    lookup: lookup as ConnectTarget['lookup'],
    highWaterMark,
    tls: secure ? (tls ?? {}) : undefined,
    alpn: secure ? ['http/1.1'] : undefined,
  };
}

function placeOf({ url, host, port, socketPath, tls }: ConnectConfig): { secure: boolean; host: string; port: number } {
  if (url !== undefined) {
    if (host !== undefined || port !== undefined)
      throw new UsageError('INVALID_OPTION', 'either url, or host and port');
    return parseTarget(url);
  }
  if (host === undefined && socketPath === undefined) throw new UsageError('INVALID_OPTION', 'url or host, where to?');
  const secure = tls !== undefined;
  return { secure, host: host ?? 'localhost', port: port ?? (secure ? 443 : 80) };
}
