import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { resolveLimits, type Http1Limits } from '../../operators/http1/limits.js';
import type { Http1ServerOptions } from '../connections/http1-server.js';
import type { Http2ServerConfig } from '../connections/http2-config.js';
import type { Http2ServerOptions } from '../connections/http2-server.js';
import type { ServedVersion } from '../connections/negotiate.js';
import { type Http2Limits, resolveHttp2Limits } from '../../operators/http2/connection-options.js';
import { LONGEST_WAIT } from '../connections/timeouts.js';
import { resolveServerTimeouts, type ServerTimeouts } from '../connections/server-timeouts.js';
import { nodeNetwork, type Network } from '../sockets/network.js';
import { resolveListen, type ListenAt, type ResolvedListen } from './listen-options.js';
import { atLeast, flag, invalid, whole } from './option.js';

/** Where and how to serve. A plain object, never mutated. */
export interface ServeConfig extends ListenAt {
  /** Several places to listen at, instead of one; what they do not say of TLS and bytes held, the config says. */
  readonly listen?: readonly ListenAt[] | undefined;
  /** Connections at a time that have not made their TLS handshake, or not shown what they begin with; default 4096. */
  readonly maxHandshakes?: number | undefined;
  /** File descriptors that connections leave to files and to connections of your own; default an eighth, at most 32. */
  readonly spareDescriptors?: number | undefined;
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
  readonly http2?: Http2ServerConfig | undefined;
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
  /** Milliseconds that `close()` and unsubscribing leave to requests on their way; then they are reset. Default 5000; Infinity waits for all. */
  readonly grace?: number | undefined;
}

/** A {@link ServeConfig} with its defaults, checked. */
export interface ResolvedServeConfig {
  readonly listen: readonly ResolvedListen[];
  readonly handshakeTimeout: number;
  readonly maxHandshakes: number;
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

/** @throws `UsageError` `INVALID_OPTION`, `INVALID_TIMEOUT`, `INVALID_LIMIT`. */
export function resolveServeConfig(config: ServeConfig): ResolvedServeConfig {
  if (typeof config !== 'object' || config === null) throw invalid('config', 'an object');
  const { scheduler = asyncScheduler, network = nodeNetwork } = config;
  const { version } = config;
  if (version !== undefined && version !== '1.1' && version !== '2') throw invalid('version', "'1.1' or '2'");
  const { settings, pingInterval, pingTimeout, ...http2Limits } = config.http2 ?? {};
  resolveHttp2Limits('server', http2Limits);
  const timeouts = resolveServerTimeouts(config.timeout);
  const handshakeTimeout = Math.min(timeouts.setup, LONGEST_WAIT);
  const maxHandshakes = whole('maxHandshakes', config.maxHandshakes, 1) ?? 4096;
  const spareDescriptors = whole('spareDescriptors', config.spareDescriptors, 0);
  return {
    listen: listens(config).map((at) =>
      resolveListen(at, version, {
        handshakeTimeout,
        maxHandshakes,
        spareDescriptors,
        scheduler,
      }),
    ),
    handshakeTimeout,
    maxHandshakes,
    network,
    scheduler,
    version,
    h2c: config.h2c !== undefined && flag('h2c', config.h2c),
    http2: {
      limits: { ...fieldLimits(config.limits), ...http2Limits },
      settings,
      timeouts,
      minRate: atLeast('minRate', config.minRate, 0) ?? 256,
      pingInterval: atLeast('http2.pingInterval', pingInterval, 0) ?? 0,
      pingTimeout: atLeast('http2.pingTimeout', pingTimeout, 0) ?? 10_000,
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

/** What no timer can wait is for ever. @throws `UsageError` `INVALID_OPTION`. */
export function resolveGrace(grace: number | undefined): number | undefined {
  const milliseconds = atLeast('grace', grace, 0);
  return milliseconds !== undefined && milliseconds > LONGEST_WAIT ? Infinity : milliseconds;
}

const PLACE = [
  'host',
  'port',
  'fd',
  'path',
  'mode',
  'unlinkStale',
  'family',
  'ipv6Only',
  'reusePort',
  'exclusive',
] as const;

/** The places to listen at; each says for itself where, and may say otherwise of the rest. */
function listens(config: ServeConfig): readonly ListenAt[] {
  const { listen, tls, cleartext, proxyProtocol, backlog, highWaterMark } = config;
  if (listen === undefined) return [config];
  if (!Array.isArray(listen) || listen.length === 0) throw invalid('listen', 'a list of places');
  const given = PLACE.find((name) => config[name] !== undefined);
  if (given !== undefined) throw invalid(given, 'in one of the places of listen');
  return listen.map((at: ListenAt) => ({ tls, cleartext, proxyProtocol, backlog, highWaterMark, ...at }));
}
