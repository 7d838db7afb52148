import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { UsageError } from '../../operators/core/protocol-error.js';
import { resolveLimits, type Http1Limits } from '../../operators/http1/limits.js';
import type { Http1ServerOptions } from '../connections/http1-server.js';
import type { Http2Config } from '../connections/http2-config.js';
import type { Http2ServerOptions } from '../connections/http2-server.js';
import type { ServedVersion } from '../connections/negotiate.js';
import { type Http2Limits, resolveHttp2Limits } from '../../operators/http2/connection-options.js';
import { resolveServerTimeouts, type ServerTimeouts } from '../connections/server-timeouts.js';
import { nodeNetwork, type ListenConfig, type Network } from '../sockets/network.js';
import type { TlsServerConfig } from '../sockets/tls.js';

/** Where and how to serve. A plain object, never mutated. */
export interface ServeConfig extends Pick<
  ListenConfig,
  'host' | 'port' | 'path' | 'mode' | 'unlinkStale' | 'family' | 'ipv6Only' | 'backlog' | 'highWaterMark'
> {
  /** Speaks https. */
  readonly tls?: TlsServerConfig | undefined;
  /** Default: the machine's. */
  readonly network?: Network | undefined;
  /** Clock of all time limits and of the Date field; default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike | undefined;
  readonly timeout?: ServerTimeouts | undefined;
  /** Bytes per second below which, after `timeout.rate`, a body counts as stuck, in either direction. Default 256; 0 is none. */
  readonly minRate?: number | undefined;
  /** Speaks only this; default both: over TLS as ALPN agrees, else told by the first bytes. */
  readonly version?: '1.1' | '2' | undefined;
  /**
   * Lets clients without TLS upgrade from HTTP/1.1 with `Upgrade: h2c` (RFC 7540 §3.2). Off by default: RFC 9113 has given
   * it up, and proxies that pass the field on are tricked by it.
   */
  readonly h2c?: boolean | undefined;
  readonly limits?: Partial<Http1Limits> | undefined;
  /** Bounds and settings of HTTP/2 connections. */
  readonly http2?: Http2Config | undefined;
  /** Connections open at a time; further ones wait to be accepted. Default no limit. */
  readonly maxConnections?: number | undefined;
  /** Requests of one connection whose responses are not complete; reading then stops. Default 16. */
  readonly maxPipelined?: number | undefined;
  /** Requests on one connection; the last answer says `connection: close`. Default 1000. */
  readonly maxRequests?: number | undefined;
  /** Bytes a response body that pushes may be ahead of the client; one more fails it. Default 1 MiB. */
  readonly maxQueued?: number | undefined;
  /** Codes bodies of unknown length with gzip or deflate for clients whose TE asks for it. Default true. */
  readonly transferCoding?: boolean | undefined;
  /** Sends the Date field; default true. */
  readonly date?: boolean | undefined;
  /** Milliseconds that `close()` and unsubscribing leave to requests on their way; then they are reset. Default 5000. */
  readonly grace?: number | undefined;
}

/** A {@link ServeConfig} with its defaults, checked. */
export interface ResolvedServeConfig {
  readonly listen: ListenConfig;
  readonly network: Network;
  readonly scheduler: SchedulerLike;
  readonly version: ServedVersion;
  readonly h2c: boolean;
  readonly connection: Http1ServerOptions;
  readonly http2: Http2ServerOptions;
  readonly maxConnections: number;
  readonly maxQueued: number | undefined;
  readonly transferCoding: boolean;
  readonly date: boolean;
  readonly grace: number;
}

const LONGEST = 2 ** 31 - 1;

/** @throws `UsageError` `INVALID_OPTION`, `INVALID_TIMEOUT`, `INVALID_LIMIT`. */
export function resolveServeConfig(config: ServeConfig): ResolvedServeConfig {
  if (typeof config !== 'object' || config === null) throw invalid('config', 'an object');
  const {
    host,
    path,
    mode,
    unlinkStale,
    family,
    ipv6Only,
    tls,
    scheduler = asyncScheduler,
    network = nodeNetwork,
  } = config;
  if (host !== undefined && typeof host !== 'string') throw invalid('host', 'a string');
  if (path !== undefined && (typeof path !== 'string' || path === '')) throw invalid('path', 'a path');
  if (path !== undefined && (host !== undefined || config.port !== undefined))
    throw invalid('path', 'instead of a host and port');
  if (family !== undefined && family !== 4 && family !== 6) throw invalid('family', '4 or 6');
  if (tls !== undefined && (typeof tls !== 'object' || tls === null)) throw invalid('tls', 'an object');
  const { version } = config;
  if (version !== undefined && version !== '1.1' && version !== '2') throw invalid('version', "'1.1' or '2'");
  const { settings, ...http2Limits } = config.http2 ?? {};
  resolveHttp2Limits('server', http2Limits);
  const timeouts = resolveServerTimeouts(config.timeout);
  const highWaterMark = whole('highWaterMark', config.highWaterMark, 1);
  return {
    listen: {
      host,
      port: path === undefined ? (whole('port', config.port, 0, 65_535) ?? 0) : undefined,
      path,
      mode,
      unlinkStale,
      family,
      ipv6Only,
      backlog: whole('backlog', config.backlog, 0),
      highWaterMark,
      tls: tls && withProtocols(tls, version),
      handshakeTimeout: Math.min(timeouts.setup, LONGEST),
      scheduler,
    },
    network,
    scheduler,
    version,
    h2c: config.h2c !== undefined && flag('h2c', config.h2c),
    http2: {
      limits: { ...fieldLimits(config.limits), ...http2Limits },
      settings,
      timeouts,
      minRate: atLeast('minRate', config.minRate, 0) ?? 256,
    },
    connection: {
      limits: resolveLimits('server', config.limits),
      maxPipelined: whole('maxPipelined', config.maxPipelined, 1),
      maxRequests: whole('maxRequests', config.maxRequests, 1),
      timeouts,
      minRate: atLeast('minRate', config.minRate, 0) ?? 256,
    },
    maxConnections: whole('maxConnections', config.maxConnections, 1) ?? Infinity,
    maxQueued: atLeast('maxQueued', config.maxQueued, 0),
    transferCoding: flag('transferCoding', config.transferCoding),
    date: flag('date', config.date),
    grace: resolveGrace(config.grace) ?? 5000,
  };
}

/** The limits that both versions have. */
function fieldLimits(limits: Partial<Http1Limits> = {}): Partial<Http2Limits> {
  const { maxFieldBytes, maxFields, maxTrailerBytes, maxTrailers } = limits;
  return {
    ...(maxFieldBytes !== undefined && { maxFieldBytes, maxHeaderBlock: 2 * maxFieldBytes }),
    ...(maxFields !== undefined && { maxFields }),
    ...(maxTrailerBytes !== undefined && { maxTrailerBytes }),
    ...(maxTrailers !== undefined && { maxTrailers }),
  };
}

/** @throws `UsageError` `INVALID_OPTION`. */
export function resolveGrace(grace: number | undefined): number | undefined {
  return atLeast('grace', grace, 0);
}

/** What we speak, for clients that ask (RFC 7301). */
function withProtocols(tls: TlsServerConfig, version: ServedVersion): TlsServerConfig {
  if (tls.alpn !== undefined || tls.ALPNCallback !== undefined) return tls;
  const http1 = version === '2' ? [] : ['http/1.1', 'http/1.0'];
  return { ...tls, alpn: version === '1.1' ? http1 : ['h2', ...http1] };
}

function flag(name: string, value: boolean | undefined): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw invalid(name, 'true or false');
  return value ?? true;
}

function atLeast(name: string, value: number | undefined, least: number): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !(value >= least)) throw invalid(name, `a number of at least ${least}`);
  return value;
}

/** A whole number, or Infinity where there is no most. */
function whole(name: string, value: number | undefined, least: number, most = Infinity): number | undefined {
  if (value === undefined) return undefined;
  const fits = typeof value === 'number' && value >= least && value <= most;
  if (!fits || (!Number.isInteger(value) && value !== Infinity)) throw invalid(name, `a whole number from ${least}`);
  return value;
}

function invalid(name: string, what: string): UsageError {
  return new UsageError('INVALID_OPTION', `${name} is to be ${what}`);
}
