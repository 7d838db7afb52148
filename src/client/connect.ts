import { asyncScheduler, map, Observable, throwError, timeout, type SchedulerLike } from 'rxjs';
import { ProtocolError, TimeoutError, UsageError } from '../../operators/core/protocol-error.js';
import { Http1Connection } from '../../operators/http1/http1-connection.js';
import { resolveLimits, type Http1Limits } from '../../operators/http1/limits.js';
import type { Http2Config } from '../connections/http2-config.js';
import { Http2Subject } from '../connections/http2-subject.js';
import { LONGEST_WAIT } from '../connections/timeouts.js';
import type { ByteDuplex, SocketInfo } from '../sockets/byte-duplex.js';
import { type ConnectionOptions, pickConnectionOptions } from './connection-options.js';
import { openRoute, type Place } from './open-route.js';
import { type ProxyChoice, tunnelRoute } from './route.js';
import { parseTarget } from './target.js';
import { DEFAULT_TIMEOUTS } from './timeouts.js';
import { TlsSessions } from './tls-sessions.js';

/** Where to connect, by URL or by its parts, and how. */
export interface ConnectConfig extends ConnectionOptions {
  /** Its scheme, host and port count; `https` speaks TLS. */
  readonly url?: string | URL | undefined;
  /** In place of `url`. With `tls` set it speaks TLS. */
  readonly host?: string | undefined;
  /** Default 80, or 443 with TLS. */
  readonly port?: number | undefined;
  /** `2` makes an {@link Http2Subject}; over TLS by ALPN, else by prior knowledge. Default 1.1. */
  readonly version?: '1.1' | '2' | undefined;
  /** Goes through a tunnel. Default none. */
  readonly proxy?: ProxyChoice | undefined;
  readonly limits?: Partial<Http1Limits> | undefined;
  /** Bounds and settings of an HTTP/2 connection. */
  readonly http2?: Http2Config | undefined;
  /** Milliseconds until the connection stands, tunnels and TLS included; 0 or Infinity is none. Default 10 000. */
  readonly timeout?: number | undefined;
  /** Clock of `timeout`; default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike | undefined;
}

/** Of all connections made here, which no client keeps together. */
const sessions = new TlsSessions(100);

/**
 * Makes one connection to drive by hand, outside any pool. Cold: emits it and completes; it then belongs to the
 * subscriber. Unsubscribing before that gives up. Over TLS it resumes the session of one before it to the same place, with
 * the same options.
 *
 * Errors: `NetworkError`, `TimeoutError` `TIMEOUT_CONNECT`; `ProtocolError` `VERSION_REFUSED` and those of tunnels; `UsageError` `INVALID_URL`, `UNSUPPORTED_SCHEME`,
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
export function connect(config: ConnectConfig & { readonly version: '2' }): Observable<Http2Subject<SocketInfo>>;
export function connect(
  config: string | URL | (ConnectConfig & { readonly version?: '1.1' | undefined }),
): Observable<Http1Connection<SocketInfo>>;
export function connect(
  config: string | URL | ConnectConfig,
): Observable<Http1Connection<SocketInfo> | Http2Subject<SocketInfo>>;
export function connect(
  config: string | URL | ConnectConfig,
): Observable<Http1Connection<SocketInfo> | Http2Subject<SocketInfo>> {
  const given: ConnectConfig = typeof config === 'string' || config instanceof URL ? { url: config } : config;
  return new Observable((subscriber) => {
    const limits = resolveLimits('client', given.limits);
    const milliseconds = connectTimeout(given.timeout);
    const { scheduler = asyncScheduler } = given;
    const place = placeOf(given);
    const route = tunnelRoute(given.proxy, place, given.socketPath);
    const socket = openRoute(place, pickConnectionOptions(given), route, [given.version === '2' ? 'h2' : 'http/1.1'], {
      stage: () => undefined,
      scheduler,
      sessions,
    });
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
    const made: Observable<Http1Connection<SocketInfo> | Http2Subject<SocketInfo>> =
      given.version === '2'
        ? inTime.pipe(map((one) => openHttp2(one, given, scheduler)))
        : inTime.pipe(map((one) => new Http1Connection(one, limits)));
    return made.subscribe(subscriber);
  });
}

function openHttp2(
  socket: ByteDuplex,
  { http2 = {} }: ConnectConfig,
  scheduler: SchedulerLike,
): Http2Subject<SocketInfo> {
  const { tls } = socket.info;
  if (tls !== undefined && tls.alpnProtocol !== 'h2') {
    socket.complete();
    throw new ProtocolError('VERSION_REFUSED', 'the server does not speak HTTP/2');
  }
  const { settings, ...limits } = http2;
  return new Http2Subject(socket, { role: 'client', limits, settings, now: () => scheduler.now() }).open();
}

function connectTimeout(milliseconds: number = DEFAULT_TIMEOUTS.connect): number {
  if (typeof milliseconds === 'number' && milliseconds >= 0) return milliseconds > LONGEST_WAIT ? 0 : milliseconds;
  throw new UsageError('INVALID_TIMEOUT', 'timeout: not a number of milliseconds');
}

function placeOf({ url, host, port, socketPath, tls }: ConnectConfig): Place {
  if (url !== undefined) {
    if (host !== undefined || port !== undefined)
      throw new UsageError('INVALID_OPTION', 'either url, or host and port');
    return parseTarget(url);
  }
  if (host === undefined && socketPath === undefined) throw new UsageError('INVALID_OPTION', 'url or host, where to?');
  const secure = tls !== undefined;
  return { secure, host: host ?? 'localhost', port: port ?? (secure ? 443 : 80) };
}
