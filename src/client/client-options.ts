/** Reads the options of a client that the pool takes over. */
import { UsageError } from '../../operators/core/protocol-error.js';
import { type Http1Limits, resolveLimits } from '../../operators/http1/limits.js';
import { resolveHttp2Limits, resolveHttp2Settings } from '../../operators/http2/connection-options.js';
import { settingEntries } from '../../operators/http2/settings.js';
import type { Http2ClientOptions } from './http2-lease.js';
import type { ClientConfig } from './request-config.js';

/** What a client's pools keep to. */
export interface PoolOptions {
  readonly maxConnections: number;
  readonly maxQueued: number;
  readonly keepAlive: number;
  readonly pipelining: number;
  readonly limits: Partial<Http1Limits> | undefined;
  readonly http2: Http2ClientOptions;
}

/** @throws UsageError `INVALID_OPTION`, `INVALID_LIMIT` */
export function poolOptions(config: ClientConfig): PoolOptions {
  return {
    maxConnections: count('maxConnections', config.maxConnections, 256, 1),
    maxQueued: count('maxQueued', config.maxQueued, 10_000, 0),
    keepAlive: count('keepAlive', config.keepAlive, 4000, 0),
    pipelining: count('pipelining', config.pipelining, 1, 1),
    limits: resolveLimits('client', config.limits),
    http2: http2Options(config),
  };
}

function http2Options({ http2 = {}, limits = {} }: ClientConfig): Http2ClientOptions {
  const { settings: given, pingInterval, pingTimeout, h2c = false, ...own } = http2;
  resolveHttp2Limits('client', own);
  const { maxFieldBytes, maxFields, maxInterim, maxTrailerBytes, maxTrailers } = limits;
  const shared = Object.entries({ maxFieldBytes, maxFields, maxInterim, maxTrailerBytes, maxTrailers });
  const bounds = { ...Object.fromEntries(shared.filter(([, value]) => value !== undefined)), ...own };
  // All of them: an upgrade announces them before there is a connection of HTTP/2, and they may not change in between.
  const settings = resolveHttp2Settings('client', resolveHttp2Limits('client', bounds), given);
  settingEntries(settings);
  return {
    limits: bounds,
    settings,
    h2c,
    pingInterval: count('http2.pingInterval', pingInterval, 0, 0),
    pingTimeout: count('http2.pingTimeout', pingTimeout, 10_000, 0),
  };
}

/** A number of at least `least`. @throws UsageError `INVALID_OPTION` */
export function count(name: string, value: number | undefined, fallback: number, least: number): number {
  const chosen = value ?? fallback;
  if (typeof chosen !== 'number' || Number.isNaN(chosen) || chosen < least) {
    throw new UsageError('INVALID_OPTION', `${name}: a number of at least ${least}`);
  }
  return chosen;
}
