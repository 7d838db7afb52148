import type { Network } from '../sockets/network.js';
import type { HappyEyeballs } from '../sockets/race-addresses.js';
import type { AddressPolicy, Resolver } from '../sockets/resolved-address.js';
import type { TlsClientConfig } from '../sockets/tls-config.js';

/**
 * Everything beside the origin that makes one connection different from another. Two requests share a connection only if
 * all of it is the same, functions and secrets included.
 */
export interface ConnectionOptions {
  /** TLS settings; compared option by option, each by identity. Never cloned. */
  readonly tls?: TlsClientConfig | undefined;
  /** TLS settings towards a proxy of scheme `https`, which knows nothing of `tls`; compared as they are. */
  readonly proxyTls?: TlsClientConfig | undefined;
  /** Local address to bind. */
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  /** UNIX socket to connect to instead of the URL's host. */
  readonly socketPath?: string | undefined;
  readonly family?: 4 | 6 | undefined;
  /**
   * Finds the addresses of names: of origins, of proxies, and of what a socks5 proxy is to be told. Default {@link systemResolver}.
   * Server name and certificate check stay those of the URL, whatever the address.
   */
  readonly resolver?: Resolver | undefined;
  /** Instead of `resolver`, a function in the form of `dns.lookup`. */
  readonly lookup?: unknown;
  /**
   * Whether to connect to an address: asked before each attempt about the one it goes to, and about those a proxy is told. Default all.
   * Names that a proxy resolves, and UNIX sockets, have no address here.
   */
  readonly addressPolicy?: AddressPolicy | undefined;
  /** How the addresses of a name are tried. */
  readonly happyEyeballs?: HappyEyeballs | undefined;
  /** Unconsumed bytes at which the socket stops reading; default 131 072. */
  readonly highWaterMark?: number | undefined;
  readonly network?: Network | undefined;
}

const NAMES = [
  'tls',
  'proxyTls',
  'localAddress',
  'localPort',
  'socketPath',
  'family',
  'resolver',
  'lookup',
  'addressPolicy',
  'happyEyeballs',
  'highWaterMark',
  'network',
] as const satisfies readonly (keyof ConnectionOptions)[];

/** The options of a request: those of the client itself (the same object) unless the request brings some of its own. */
export function connectionOptions(base: ConnectionOptions, own: ConnectionOptions): ConnectionOptions {
  const given =
    own.tls ??
    own.proxyTls ??
    own.localAddress ??
    own.localPort ??
    own.socketPath ??
    own.family ??
    own.resolver ??
    own.lookup ??
    own.addressPolicy ??
    own.happyEyeballs ??
    own.highWaterMark ??
    own.network;
  return given === undefined ? base : Object.freeze({ ...base, ...pick(own) });
}

/** Only the options that belong here, frozen. */
export function pickConnectionOptions(from: ConnectionOptions): ConnectionOptions {
  return Object.freeze(pick(from) as ConnectionOptions);
}

/** What belongs to one origin: it does not go along to another. */
const OF_ONE_ORIGIN: ReadonlySet<string> = new Set([
  'cert',
  'key',
  'passphrase',
  'pfx',
  'secureContext',
  'servername',
  'session',
  'verifyName',
]);

/** The same options towards another origin: without a client certificate and the names of the first one. */
export function crossedOptions(options: ConnectionOptions): ConnectionOptions {
  if (options.tls === undefined) return options;
  const kept = Object.entries(options.tls).filter(([name]) => !OF_ONE_ORIGIN.has(name));
  return Object.freeze({ ...options, tls: Object.freeze(Object.fromEntries(kept)) });
}

/** The whole identity, compared whole. */
export function sameConnectionOptions(a: ConnectionOptions, b: ConnectionOptions): boolean {
  if (a === b) return true;
  return NAMES.every((name) =>
    name === 'tls' || name === 'proxyTls' ? sameEntries(a[name], b[name]) : Object.is(a[name], b[name]),
  );
}

function pick(from: ConnectionOptions): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of NAMES) if (from[name] !== undefined) picked[name] = from[name];
  return picked;
}

function sameEntries(a: object | undefined, b: object | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const name of names) {
    if (!Object.is((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name])) return false;
  }
  return true;
}
