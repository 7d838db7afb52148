import { lookup } from 'node:dns';
import { chmodSync } from 'node:fs';
import { createServer, isIP, type AddressInfo, type ListenOptions, type Server, type Socket } from 'node:net';
import {
  asyncScheduler,
  concat,
  concatMap,
  Observable,
  ReplaySubject,
  throwError,
  timeout,
  type Subscription,
} from 'rxjs';
import { NetworkError, TimeoutError, UsageError } from '../../operators/core/protocol-error.js';
import { AcceptGate } from './accept-gate.js';
import type { Address, ByteDuplex, SocketInfo } from './byte-duplex.js';
import { networkError } from './network-error.js';
import type { ListenConfig, Listener } from './network.js';
import { ignoreErrors } from './open-socket.js';
import { bareHost, ipAddress, tcpInfo, unixAddress, unixInfo } from './socket-info.js';
import { streamDuplex } from './stream-duplex.js';
import type { TlsServerConfig } from './tls-config.js';
import { serverHandshake } from './tls-server.js';
import { unlinkStaleSocket } from './unix.js';

const DEFAULT_HANDSHAKE_TIMEOUT = 10_000;

/** Listens as `Network.listen` describes. */
export function listen(config: ListenConfig): Observable<Listener> {
  const { path, unlinkStale, host, family } = config;
  if (path !== undefined) return unlinkStale === true ? concat(unlinkStaleSocket(path), bind(config)) : bind(config);
  if (host === undefined || family === undefined) return bind(config, host);
  return resolveHost(bareHost(host), family).pipe(concatMap((address) => bind(config, address)));
}

/** The address of that family a name stands for. */
function resolveHost(host: string, family: 4 | 6): Observable<string> {
  return new Observable((subscriber) => {
    lookup(host, { family }, (error, address) => {
      if (error) return subscriber.error(networkError(error, 'resolve'));
      if (isIP(address) !== family) {
        return subscriber.error(new UsageError('INVALID_OPTION', `${host} is no address of family ${family}`));
      }
      subscriber.next(address);
      subscriber.complete();
    });
  });
}

function bind(config: ListenConfig, host?: string): Observable<Listener> {
  return new Observable<Listener>((subscriber) => {
    let bound = false;
    const fail = (error: unknown): void => subscriber.error(networkError(error, 'listen'));
    let modeSet = false;
    const setMode = (): void => {
      if (config.path !== undefined && config.mode !== undefined && !modeSet) chmodSync(config.path, config.mode);
      modeSet = true;
    };
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    subscriber.add(() => {
      if (!bound) server.close();
    });
    server.on('error', fail);
    try {
      server.listen(listenOptions(config, host));
      if (server.listening) setMode(); // a path is bound within the call, unless a cluster's primary does it
    } catch (error) {
      return fail(error);
    }
    server.on('listening', () => {
      server.off('error', fail);
      try {
        setMode();
      } catch (error) {
        return fail(error);
      }
      bound = true;
      subscriber.next(new NodeListener(server, config));
      subscriber.complete();
    });
    return undefined;
  });
}

function listenOptions(config: ListenConfig, host: string | undefined): ListenOptions {
  const { port = 0, path, family, ipv6Only, backlog, exclusive, reusePort } = config;
  if (reusePort === true && !hasReusePort()) {
    throw new UsageError('UNSUPPORTED_OPTION', `reusePort needs Node.js 22.12 or later, not ${process.version}`);
  }
  const shared = { backlog, exclusive };
  if (path !== undefined) return { ...shared, path };
  const all = family === undefined ? undefined : family === 4 ? '0.0.0.0' : '::';
  return {
    ...shared,
    host: host === undefined ? all : bareHost(host),
    port,
    ipv6Only,
    ...(reusePort !== undefined && { reusePort }),
  };
}

function hasReusePort(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}

class NodeListener implements Listener {
  readonly address: Address;
  readonly #server: Server;
  readonly #config: ListenConfig;
  readonly #gate: AcceptGate<Socket>;
  readonly #handshakes = new Set<Subscription>();
  readonly #closed = new ReplaySubject<void>(1);
  #closing = false;

  constructor(server: Server, config: ListenConfig) {
    this.#server = server;
    this.#config = config;
    this.address = addressOf(server);
    this.#gate = new AcceptGate<Socket>(
      {
        accept: (socket) => this.#accept(socket),
        refuse: (socket) => socket.destroy(),
        abandoned: () => void this.close(),
      },
      config.backlog,
    );
    if (config.maxConnections !== undefined) server.maxConnections = config.maxConnections;
    server.on('connection', (socket: Socket) => {
      socket.on('error', ignoreErrors);
      this.#gate.offer(socket);
    });
    server.on('drop', () => this.#gate.report(tooMany(config.maxConnections)));
    server.on('error', (error: unknown) => this.#gate.report(networkError(error, 'listen')));
  }

  get connections(): Observable<ByteDuplex> {
    return this.#gate.connections;
  }

  get errors(): Observable<unknown> {
    return this.#gate.errors;
  }

  pause(): void {
    this.#gate.pause();
  }

  resume(): void {
    this.#gate.resume();
  }

  ref(): void {
    this.#server.ref();
  }

  unref(): void {
    this.#server.unref();
  }

  close(): Observable<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#server.close(); // gives the address up at once; its event waits for the connections, we do not
      for (const handshake of this.#handshakes) handshake.unsubscribe();
      this.#gate.close();
      this.#closed.next();
      this.#closed.complete();
    }
    return this.#closed.asObservable();
  }

  #accept(socket: Socket): void {
    const { tls, highWaterMark } = this.#config;
    if (socket.destroyed) return;
    const info = this.address.family === 'unix' ? unixInfo(this.address.address, '') : tcpInfo(socket);
    if (tls) return this.#handshake(socket, tls, info);
    if (!this.#gate.emit(streamDuplex(socket, { info, highWaterMark }))) socket.destroy();
  }

  #handshake(socket: Socket, tls: TlsServerConfig, info: SocketInfo): void {
    const { highWaterMark, handshakeTimeout = DEFAULT_HANDSHAKE_TIMEOUT, scheduler = asyncScheduler } = this.#config;
    const handshake = serverHandshake(socket, tls, info, highWaterMark)
      .pipe(
        timeout({
          first: handshakeTimeout,
          scheduler,
          with: () => throwError(() => new TimeoutError('setup', handshakeTimeout)),
        }),
      )
      .subscribe({
        next: (connection) => {
          if (!this.#gate.emit(connection))
            connection.error(new NetworkError('ECONNABORTED', 'listen', 'not accepted'));
        },
        error: (error: unknown) => this.#gate.report(error),
      });
    if (handshake.closed) return;
    this.#handshakes.add(handshake);
    handshake.add(() => this.#handshakes.delete(handshake));
  }
}

function addressOf(server: Server): Address {
  const address = server.address() as AddressInfo | string;
  return typeof address === 'string' ? unixAddress(address) : ipAddress(address.address, address.port);
}

function tooMany(limit: number | undefined): NetworkError {
  return new NetworkError('CONNECTION_LIMIT', 'listen', `${limit} connections are open already`);
}
