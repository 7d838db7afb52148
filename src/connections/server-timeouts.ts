import { UsageError } from '../../operators/core/protocol-error.js';
import { LONGEST_WAIT } from './timeouts.js';

/** Time limits of a server's connections, in milliseconds; 0 or Infinity is none. */
export interface ServerTimeouts {
  /** From the accepted connection to its first byte; before that, as long again for a TLS handshake. Default 10 000. */
  readonly setup?: number | undefined;
  /** From the first byte of a head to its last; for the first one, from the accepted connection. Default 30 000. */
  readonly head?: number | undefined;
  /** From a request's head to the last byte of its body; stands still while the handler holds some of it. Default 300 000. */
  readonly request?: number | undefined;
  /** Between the end of a response and the next request. Default 5000. */
  readonly idle?: number | undefined;
  /** How long a body may start slower than `minRate`, in either direction. Default 10 000. */
  readonly rate?: number | undefined;
  /** HTTP/2: until our SETTINGS are acknowledged. Default 10 000. */
  readonly settings?: number | undefined;
  /** HTTP/2: how long a response may make no progress to speak of; three of them end the connection. Default 30 000. */
  readonly stall?: number | undefined;
  /** How long a peer that has its last response is given to close its side. Default 2000. */
  readonly linger?: number | undefined;
  /**
   * How long requests of a peer that has ended its side are answered, unless it turns out to read the answers: most have
   * gone away. Default 1000.
   */
  readonly halfClosed?: number | undefined;
  /**
   * From `close()` to the end of an HTTP/1 connection without a request: one that comes until then is answered, as the last.
   * Default 50.
   */
  readonly lastRequest?: number | undefined;
}

export type ResolvedServerTimeouts = { readonly [Name in keyof ServerTimeouts]-?: number };

const DEFAULTS: ResolvedServerTimeouts = Object.freeze({
  setup: 10_000,
  head: 30_000,
  request: 300_000,
  idle: 5000,
  rate: 10_000,
  settings: 10_000,
  stall: 30_000,
  linger: 2000,
  halfClosed: 1000,
  lastRequest: 50,
});

/** @throws `UsageError` `INVALID_TIMEOUT` for an unknown name or anything but a number that is not negative. */
export function resolveServerTimeouts(given: ServerTimeouts = {}): ResolvedServerTimeouts {
  const resolved: Record<string, number> = { ...DEFAULTS };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(DEFAULTS, name) || typeof value !== 'number' || !(value >= 0)) {
      throw new UsageError('INVALID_TIMEOUT', `timeout.${name}: not a number of milliseconds`);
    }
    resolved[name] = value === 0 || value > LONGEST_WAIT ? Infinity : value;
  }
  return Object.freeze(resolved) as ResolvedServerTimeouts;
}
