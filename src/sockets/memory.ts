import { asyncScheduler, map, Observable, ReplaySubject, type SchedulerLike } from 'rxjs';
import { NetworkError } from '../../operators/core/protocol-error.js';
import { AcceptGate } from './accept-gate.js';
import type { Address, ByteDuplex } from './byte-duplex.js';
import type { Chunking } from './memory-pipe.js';
import { memoryPair, type ByteOffset } from './memory-socket.js';
import { pretendTls } from './memory-tls.js';
import { acceptPreamble, hasPreamble, type Preamble } from './preamble.js';
import { DEFAULT_HANDSHAKE_TIMEOUT, DEFAULT_MAX_HANDSHAKES, Preparing } from './preparing.js';
import type { ConnectTarget, ListenConfig, Listener, Network } from './network.js';
import { reachHost } from './reach-host.js';
import { literalAddress } from './resolved-address.js';
import { bareHost, unixAddress } from './socket-info.js';
import type { TlsServerConfig } from './tls-config.js';
import { TrustedPeers } from './trusted-peers.js';

/** What goes wrong with a connection. */
export interface MemoryFaults {
  /** `refuse`: `ECONNREFUSED`; `hang`: never answered; a number: so many milliseconds more. */
  readonly connect?: 'refuse' | 'hang' | number | undefined;
  /** Both ends see `ECONNRESET` once this many bytes have passed. */
  readonly resetAfter?: ByteOffset | undefined;
  /** Nothing arrives any more after this many bytes, the end included. */
  readonly stall?: ByteOffset | undefined;
  /** A TLS client refuses the certificate for this reason (`CERT_HAS_EXPIRED`). */
  readonly certificate?: string | undefined;
}

export interface MemoryNetworkConfig {
  /** Default `asyncScheduler`; in `TestScheduler.run` that is virtual time. */
  readonly scheduler?: SchedulerLike | undefined;
  /** Milliseconds from a write to its arrival, and for connecting; default 0, which is never at once. */
  readonly latency?: number | undefined;
  /** Cuts writes into arrivals. */
  readonly chunking?: Chunking | undefined;
  /** As in `ConnectTarget`, and the bytes a writer may be ahead of its reader; each side may set its own. */
  readonly highWaterMark?: number | undefined;
  /** For all connections, or by the number of the attempt, from 0; `host` is the address it goes to, where a name was resolved. */
  readonly faults?:
    MemoryFaults | ((attempt: number, target: ConnectTarget, host: string) => MemoryFaults | undefined) | undefined;
}

/**
 * A {@link Network} in memory, for tests: the same semantics as sockets, under virtual time, with latency, chunking and
 * faults to order.
 *
 * Names are resolved by the `resolver` of a target only. Without one, a listener without a host takes connections to its port under
 * any name, and `addressPolicy` judges literal addresses. `localhost`, `127.0.0.1` and `::1` are the same. TLS is pretended: facts and failures, the bytes stay clear.
 * A header of the PROXY protocol is read from the peers of `proxyProtocol`; the address of a client is its `localAddress`.
 *
 * @example
 * ```ts
 * import { memoryNetwork } from 'rxweir/testing';
 * const network = memoryNetwork({ latency: 5, chunking: () => 1 });
 * network.listen({ port: 80 }).subscribe(({ connections }) => connections.subscribe((one) => one.subscribe(one)));
 * network.connect({ host: 'example.com', port: 80 }).subscribe((echo) => echo.subscribe(console.log));
 * ```
 */
export function memoryNetwork(config: MemoryNetworkConfig = {}): Network {
  const { scheduler = asyncScheduler, latency = 0, faults } = config;
  const listeners = new Map<string, MemoryListener>();
  let attempts = 0;
  let ports = 49_152;

  const open = (target: ConnectTarget, server: Address, client: Address, fault: MemoryFaults): ByteDuplex => {
    const listener = find(listeners, server);
    if (listener === undefined) throw refused(server);
    const tls = pretendTls(target, listener.tlsFor(target), fault.certificate);
    if (tls.failure) {
      listener.gate.report(tls.failure);
      throw tls.failure;
    }
    const [near, far] = memoryPair(
      {
        ...config,
        highWaterMark: target.highWaterMark ?? listener.config.highWaterMark ?? config.highWaterMark,
        resetAfter: fault.resetAfter,
        stall: fault.stall,
      },
      { client, server, clientTls: tls.client, serverTls: tls.server },
    );
    listener.take(far);
    return near;
  };

  /** One attempt; the handshake, if any, comes after it. */
  const reach = (target: ConnectTarget, host: string): Observable<() => ByteDuplex> =>
    new Observable((subscriber) => {
      const fault = (typeof faults === 'function' ? faults(attempts++, target, host) : faults) ?? {};
      if (fault.connect === 'hang') return undefined;
      const client = clientAddress(target, () => ports++);
      const server = addressOf(target, host);
      const work = (): void => {
        if (fault.connect === 'refuse' || find(listeners, server) === undefined) {
          return subscriber.error(refused(server));
        }
        subscriber.next(() => open(target, server, client, fault));
        subscriber.complete();
      };
      return scheduler.schedule(work, latency + (typeof fault.connect === 'number' ? fault.connect : 0));
    });

  return {
    showsCertificates: false,
    connect: (target) => {
      const { host, path, resolver } = target;
      const resolved = path === undefined && (resolver !== undefined || literalAddress(bareHost(host)) !== undefined);
      const reached = resolved
        ? reachHost({ ...target, scheduler: target.scheduler ?? scheduler }, (address) => reach(target, address))
        : reach(target, host);
      return reached.pipe(map((accepted) => accepted()));
    },
    listen: (listenConfig) =>
      new Observable((subscriber) =>
        scheduler.schedule(() => {
          const address = listenAddress(listenConfig, () => ports++);
          const key = keyOf(address);
          if (listeners.has(key)) {
            subscriber.error(new NetworkError('EADDRINUSE', 'listen', `address already in use ${key}`));
            return;
          }
          let listener: MemoryListener;
          try {
            listener = new MemoryListener(address, listenConfig, scheduler, () => listeners.delete(key));
          } catch (error) {
            return subscriber.error(error);
          }
          listeners.set(key, listener);
          subscriber.next(listener);
          subscriber.complete();
        }),
      ),
  };
}

class MemoryListener implements Listener {
  readonly address: Address;
  readonly config: ListenConfig;
  readonly gate: AcceptGate<ByteDuplex>;
  readonly #closed = new ReplaySubject<void>(1);
  readonly #open = new Set<ByteDuplex>();
  readonly #unbind: () => void;
  readonly #preamble: Preamble;
  readonly #preparing: Preparing;
  #tls: TlsServerConfig | undefined;
  #closing = false;

  /** @throws `UsageError` `INVALID_OPTION` */
  constructor(address: Address, config: ListenConfig, scheduler: SchedulerLike, unbind: () => void) {
    this.address = address;
    this.#tls = config.tls;
    this.config = config;
    this.#unbind = unbind;
    const {
      proxyProtocol,
      handshakeTimeout = DEFAULT_HANDSHAKE_TIMEOUT,
      maxHandshakes = DEFAULT_MAX_HANDSHAKES,
    } = config;
    this.#preamble = { proxies: proxyProtocol && new TrustedPeers(proxyProtocol) };
    this.#preparing = new Preparing(
      {
        ready: (connection) => this.#emit(connection),
        failed: (error) => this.gate.report(error),
        room: () => this.gate.full(false),
        over: () => this.gate.close(),
      },
      handshakeTimeout,
      maxHandshakes,
      config.scheduler ?? scheduler,
    );
    this.gate = new AcceptGate<ByteDuplex>(
      {
        accept: (connection) => this.#accept(connection),
        refuse: (connection) => connection.error(notAccepted()),
        abandoned: () => void this.close(),
      },
      config.backlog,
    );
  }

  get connections(): Observable<ByteDuplex> {
    return this.gate.connections;
  }

  get errors(): Observable<unknown> {
    return this.gate.errors;
  }

  take(connection: ByteDuplex): void {
    const { maxConnections } = this.config;
    if (maxConnections !== undefined) {
      for (const one of this.#open) if (one.destroyed) this.#open.delete(one);
      if (this.#open.size >= maxConnections) {
        connection.error(notAccepted());
        this.gate.report(
          new NetworkError('CONNECTION_LIMIT', 'listen', `${maxConnections} connections are open already`),
        );
        return;
      }
      this.#open.add(connection);
    }
    this.gate.offer(connection);
  }

  /** What a client meets: a port for both answers as it is spoken to. */
  tlsFor({ tls }: ConnectTarget): TlsServerConfig | undefined {
    return tls === undefined && this.config.cleartext === true ? undefined : this.#tls;
  }

  reload(tls: TlsServerConfig): void {
    if (this.#tls !== undefined) this.#tls = tls;
  }

  pause(): void {
    this.gate.pause();
  }

  resume(): void {
    this.gate.resume();
  }

  ref(): void {
    // nothing here keeps a process alive
  }

  unref(): void {
    // nothing here keeps a process alive
  }

  close({ lastWord }: { readonly lastWord?: number | undefined } = {}): Observable<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#unbind();
      this.gate.stop();
      this.#closed.next();
      this.#closed.complete();
    }
    this.#preparing.close(lastWord);
    return this.#closed.asObservable();
  }

  #accept(connection: ByteDuplex): void {
    if (!hasPreamble(this.#preamble)) return this.#emit(connection);
    this.#preparing.start(connection, acceptPreamble(connection, this.#preamble));
    if (this.#preparing.full) this.gate.full(true);
  }

  #emit(connection: ByteDuplex): void {
    if (!this.gate.emit(connection)) connection.error(notAccepted());
  }
}

const ANY = '*';
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);
const WILDCARDS: ReadonlySet<string> = new Set(['', '0.0.0.0', '::']);

function memoryAddress(address: string, port: number): Address {
  return { family: 'memory', address, port };
}

/** Of a UNIX socket, a client has no name. */
function clientAddress({ path, localAddress = 'client', localPort }: ConnectTarget, freePort: () => number): Address {
  return path === undefined ? memoryAddress(localAddress, localPort ?? freePort()) : unixAddress('');
}

function addressOf({ port, path }: ConnectTarget, host: string): Address {
  return path === undefined ? memoryAddress(bareHost(host), port) : unixAddress(path);
}

function listenAddress({ host = '', port = 0, path }: ListenConfig, freePort: () => number): Address {
  if (path !== undefined) return unixAddress(path);
  return memoryAddress(WILDCARDS.has(bareHost(host)) ? ANY : bareHost(host), port === 0 ? freePort() : port);
}

function keyOf({ address, port }: Address): string {
  const name = address.toLowerCase();
  return `${LOOPBACK.has(name) ? 'localhost' : name}:${port}`;
}

function find(listeners: ReadonlyMap<string, MemoryListener>, address: Address): MemoryListener | undefined {
  return listeners.get(keyOf(address)) ?? listeners.get(keyOf({ ...address, address: ANY }));
}

function refused(server: Address): NetworkError {
  return new NetworkError('ECONNREFUSED', 'connect', `connect ECONNREFUSED ${keyOf(server)}`);
}

function notAccepted(): NetworkError {
  return new NetworkError('ECONNABORTED', 'listen', 'not accepted');
}
