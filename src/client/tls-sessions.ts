import type { TlsSession } from '../sockets/tls.js';
import { type ConnectionOptions, sameConnectionOptions } from './connection-options.js';
import { type Route, sameRoute } from './route.js';

/** Which connection a session is of: the place, everything that makes a connection another one, and the hop on the way to it. */
export interface SessionOwner {
  readonly host: string;
  readonly port: number;
  readonly options: ConnectionOptions;
  readonly route: Route;
  /** From 0: the proxies in their order, then the target. */
  readonly hop: number;
}

interface Kept {
  readonly owner: SessionOwner;
  readonly session: TlsSession;
}

/**
 * The TLS sessions a client can resume: the last one of each owner, those not used for the longest time given up. Owners are compared
 * whole, so a session never serves a connection that another option would have made different; the names of the certificate are
 * checked on resumption all the same.
 */
export class TlsSessions {
  readonly #most: number;
  /** The one used last comes last. */
  #kept: readonly Kept[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#kept.length;
  }

  find(owner: SessionOwner): TlsSession | undefined {
    const known = this.#kept.find((one) => sameOwner(one.owner, owner));
    if (known !== undefined) this.#keep(known);
    return known?.session;
  }

  keep(owner: SessionOwner, session: TlsSession): void {
    this.#keep({ owner, session });
  }

  /** The handshake with it failed. */
  forget(owner: SessionOwner): void {
    this.#kept = this.#without(owner);
  }

  #keep(entry: Kept): void {
    const kept = [...this.#without(entry.owner), entry];
    this.#kept = kept.slice(Math.max(0, kept.length - this.#most));
  }

  #without(owner: SessionOwner): readonly Kept[] {
    return this.#kept.filter((one) => !sameOwner(one.owner, owner));
  }
}

function sameOwner(a: SessionOwner, b: SessionOwner): boolean {
  return (
    a.hop === b.hop &&
    a.port === b.port &&
    a.host === b.host &&
    sameRoute(a.route, b.route) &&
    sameConnectionOptions(a.options, b.options)
  );
}
