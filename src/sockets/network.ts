import type { LookupFunction } from 'node:net';
import type { Observable, SchedulerLike } from 'rxjs';
import type { Address, ByteDuplex } from './byte-duplex.js';
import type { HappyEyeballs } from './race-addresses.js';
import type { AddressPolicy, Resolver } from './resolved-address.js';
import { connectTcp } from './tcp.js';
import { connectTls, type TlsClientConfig, type TlsServerConfig, type TlsSession } from './tls.js';
import { connectUnix } from './unix.js';
import { listen } from './listen.js';

/** Where to connect, and how. */
export interface ConnectTarget {
  /** Name or address; an IPv6 address with or without brackets. The certificate must be for it. */
  readonly host: string;
  readonly port: number;
  /** UNIX socket to connect to instead; `host` is still what the certificate must be for. */
  readonly path?: string | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  /** Only addresses of this family. */
  readonly family?: 4 | 6 | undefined;
  /** Finds the addresses of `host`; default {@link systemResolver}. */
  readonly resolver?: Resolver | undefined;
  /** Instead of `resolver`, a function in the form of `dns.lookup`. */
  readonly lookup?: LookupFunction | undefined;
  /** Asked about each address before it is connected to, also where `host` is one. Default none is refused. */
  readonly addressPolicy?: AddressPolicy | undefined;
  /** How several addresses are tried. */
  readonly happyEyeballs?: HappyEyeballs | undefined;
  /** Clock of the delays between them; default that of the network. */
  readonly scheduler?: SchedulerLike | undefined;
  /** Bytes delivered and held at which reading stops; it goes on below half. Default 131 072. */
  readonly highWaterMark?: number | undefined;
  /** Speaks TLS if set. */
  readonly tls?: TlsClientConfig | undefined;
  /** Protocols to offer in TLS, best first (RFC 7301). */
  readonly alpn?: readonly string[] | undefined;
  /** A TLS session to resume, where `tls` brings none of its own. */
  readonly session?: TlsSession | undefined;
  /** Told of each session the server offers, beside `tls.onSession`. */
  readonly onSession?: ((session: TlsSession) => void) | undefined;
}

/** Where to listen, and how. */
export interface ListenConfig {
  /** Address or name to bind; default all addresses, of both families where the machine has them. */
  readonly host?: string | undefined;
  /** Default 0: any free port, see the address of what listens. */
  readonly port?: number | undefined;
  /** Socket that listens already, by its file descriptor, instead: one that was inherited. */
  readonly fd?: number | undefined;
  /** UNIX socket to listen on instead. */
  readonly path?: string | undefined;
  /** Mode bits of the UNIX socket, set as soon as it is bound. */
  readonly mode?: number | undefined;
  /** Removes a UNIX socket at `path` that nobody listens on any more; default false. */
  readonly unlinkStale?: boolean | undefined;
  /** Family of the address `host` stands for; without `host`, 4 binds all IPv4 addresses. */
  readonly family?: 4 | 6 | undefined;
  readonly ipv6Only?: boolean | undefined;
  /** Connections the system keeps until they are accepted. */
  readonly backlog?: number | undefined;
  /** Shares the port among processes (Node 22.12 or later). */
  readonly reusePort?: boolean | undefined;
  /** In a cluster worker: do not share the handle. */
  readonly exclusive?: boolean | undefined;
  /** As in {@link ConnectTarget}, for each connection. */
  readonly highWaterMark?: number | undefined;
  /** Speaks TLS if set. */
  readonly tls?: TlsServerConfig | undefined;
  /**
   * Peers that begin with a header of the PROXY protocol, and must: addresses, subnets (`10.0.0.0/8`), `unix`. What others
   * send is not read as one.
   */
  readonly proxyProtocol?: readonly string[] | undefined;
  /** With `tls`: serves clients without it too; the first byte tells. Default false. */
  readonly cleartext?: boolean | undefined;
  /** Connections at a time that have not made their handshake or shown what they begin with; more wait. Default 4096. */
  readonly maxHandshakes?: number | undefined;
  /** Milliseconds for the TLS handshake, and for what else comes before the connection is ready; default 10 000. */
  readonly handshakeTimeout?: number | undefined;
  /**
   * File descriptors of the process that connections leave to files and to connections of your own: one that takes such is
   * closed at once (`EMFILE` among the errors). Default an eighth of all, at most 32; where the system does not say how many
   * there are, none are left. Linux says it.
   */
  readonly spareDescriptors?: number | undefined;
  /** Clock of `handshakeTimeout`, and between two reports of the same kind. */
  readonly scheduler?: SchedulerLike | undefined;
  /** Connections open at a time, handshakes included; more are closed at once. Default no limit. */
  readonly maxConnections?: number | undefined;
}

/** A listening socket. It belongs to whoever got it, and stays until {@link close}. */
export interface Listener {
  readonly address: Address;
  /**
   * Accepted connections, with TLS after the handshake. One consumer; what comes before it subscribes waits unread.
   * Unsubscribing closes the listener.
   */
  readonly connections: Observable<ByteDuplex>;
  /** What went wrong with single connections: failed handshakes, refusals. None of it stops the listener. */
  readonly errors: Observable<unknown>;
  /** Connections made from now on wait, unread. */
  pause(): void;
  resume(): void;
  /** New handshakes use these settings; open connections keep theirs. @throws what is wrong with them, changing nothing */
  reload(tls: TlsServerConfig): void;
  /**
   * Stops accepting, at once; the Observable emits and completes when the address is free. Open connections live on. Those that
   * have not made their handshake, or not shown what they begin with, are closed; with `lastWord`, only those from which
   * nothing has come so many milliseconds later: the others still come out of `connections`, which completes after the last.
   */
  close(options?: { readonly lastWord?: number | undefined }): Observable<void>;
  /** Keeps the process alive while listening; the default. */
  ref(): void;
  /** Lets the process end although it listens. */
  unref(): void;
}

/** The network, real or in memory. */
export interface Network {
  /** Default true. False where TLS is only what both sides say of it: then no certificate is made for a server that has none. */
  readonly showsCertificates?: boolean | undefined;
  /**
   * Cold: subscribing connects; emits one connection, handshaken if TLS, and completes. It then belongs to the subscriber.
   * Unsubscribing before that gives up. A name is resolved, and its addresses are tried as {@link raceAddresses} does. Fails with
   * `NetworkError` (phase `resolve`, `connect` or `tls`; `ADDRESS_REFUSED` by the policy) or `UsageError` `INVALID_OPTION`.
   */
  connect(target: ConnectTarget): Observable<ByteDuplex>;
  /**
   * Cold: subscribing binds; emits one {@link Listener} and completes. Unsubscribing before that gives up. Fails with
   * `NetworkError` (phase `listen`) or `UsageError`.
   */
  listen(config: ListenConfig): Observable<Listener>;
}

/** The network of the machine. */
export const nodeNetwork: Network = {
  connect(target) {
    if (target.tls) return connectTls(target);
    return target.path === undefined ? connectTcp(target) : connectUnix(target.path, target);
  },
  listen,
};
