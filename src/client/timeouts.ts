import { UsageError } from '../../operators/core/protocol-error.js';

/** Time limits of one request, in milliseconds; 0 or Infinity is none. */
export interface ClientTimeouts {
  /** Until the connection stands, TLS included. Default 10 000. */
  readonly connect?: number | undefined;
  /** Until a proxy has opened a tunnel, once there is a connection to it; then `connect` goes for TLS through it. Default 30 000. */
  readonly tunnel?: number | undefined;
  /** Waiting for a connection of the pool. Default 300 000. */
  readonly queue?: number | undefined;
  /** From the end of the request to the head of the response. Default 300 000. */
  readonly head?: number | undefined;
  /** Between two pieces of the body; stands still while the consumer holds. Default 300 000. */
  readonly idle?: number | undefined;
  /** From the head to the end of the body; stands still while the consumer holds. Default none. */
  readonly body?: number | undefined;
  /** From the subscription to the end of the body. Default none. */
  readonly total?: number | undefined;
  /** How long a body nobody has subscribed to is kept. Default 30 000. */
  readonly unclaimed?: number | undefined;
  /** How long `100 Continue` is waited for before the body is sent all the same. Default 1000. */
  readonly continue?: number | undefined;
}

export type ResolvedTimeouts = { readonly [Name in keyof ClientTimeouts]-?: number };

export const DEFAULT_TIMEOUTS: ResolvedTimeouts = Object.freeze({
  connect: 10_000,
  tunnel: 30_000,
  queue: 300_000,
  head: 300_000,
  idle: 300_000,
  body: 0,
  total: 0,
  unclaimed: 30_000,
  continue: 1000,
});

/**
 * Lays a request's limits over the client's; a number alone is `total`.
 *
 * @throws `UsageError` `INVALID_TIMEOUT` for an unknown name or anything but a number that is not negative.
 */
export function resolveTimeouts(
  base: ResolvedTimeouts,
  timeout: number | ClientTimeouts | undefined,
): ResolvedTimeouts {
  if (timeout === undefined) return base;
  const given: ClientTimeouts = typeof timeout === 'number' ? { total: timeout } : timeout;
  const resolved = { ...base };
  for (const [name, value] of Object.entries(given) as [keyof ResolvedTimeouts, number | undefined][]) {
    if (value === undefined) continue;
    if (!Object.hasOwn(DEFAULT_TIMEOUTS, name) || typeof value !== 'number' || !(value >= 0)) {
      throw new UsageError('INVALID_TIMEOUT', `timeout.${name}: not a number of milliseconds`);
    }
    resolved[name] = value;
  }
  return resolved;
}
