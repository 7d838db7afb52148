import type { AddressInfo, Server, Socket } from 'node:net';
import { asyncScheduler, Observable, ReplaySubject } from 'rxjs';
import { NetworkError } from '../../operators/core/protocol-error.js';
import { AcceptGate } from './accept-gate.js';
import type { Address, ByteDuplex } from './byte-duplex.js';
import { networkError } from './network-error.js';
import type { ListenConfig, Listener } from './network.js';
import { ignoreErrors } from './open-socket.js';
import { acceptPreamble, hasPreamble, type Preamble } from './preamble.js';
import { DEFAULT_HANDSHAKE_TIMEOUT, DEFAULT_MAX_HANDSHAKES, Preparing } from './preparing.js';
import { ipAddress, tcpInfo, unixAddress, unixInfo } from './socket-info.js';
import { descriptorOf, SpareDescriptors } from './spare-descriptors.js';
import { streamDuplex } from './stream-duplex.js';
import type { TlsServerConfig } from './tls-config.js';
import { prepareTls } from './tls-server.js';
import { TrustedPeers } from './trusted-peers.js';

/** A listening server of Node.js as a {@link Listener}. */
export class NodeListener implements Listener {
  readonly address: Address;
  readonly #server: Server;
  readonly #config: ListenConfig;
  readonly #gate: AcceptGate<Socket>;
  readonly #preparing: Preparing;
  readonly #preamble: Preamble | undefined;
  readonly #closed = new ReplaySubject<void>(1);
  #tls: TlsServerConfig | undefined;
  #closing = false;

  /** @throws what is wrong with `tls` */
  constructor(server: Server, config: ListenConfig) {
    const { tls, handshakeTimeout = DEFAULT_HANDSHAKE_TIMEOUT, maxHandshakes = DEFAULT_MAX_HANDSHAKES } = config;
    if (tls !== undefined) prepareTls(tls);
    this.#server = server;
    this.#config = config;
    this.#tls = tls;
    const { cleartext, highWaterMark, proxyProtocol } = config;
    const preamble: Preamble = {
      cleartext,
      highWaterMark,
      tls: tls && (() => this.#tls as TlsServerConfig),
      proxies: proxyProtocol && new TrustedPeers(proxyProtocol),
    };
    this.#preamble = hasPreamble(preamble) ? preamble : undefined;
    this.address = addressOf(server);
    this.#gate = new AcceptGate<Socket>(
      {
        accept: (socket) => this.#accept(socket),
        refuse: (socket) => socket.destroy(),
        abandoned: () => void this.close(),
      },
      config.backlog,
    );
    this.#preparing = new Preparing(
      {
        ready: (connection) => this.#emit(connection),
        failed: (error) => this.#gate.report(error),
        room: () => this.#gate.full(false),
        over: () => this.#gate.close(),
      },
      handshakeTimeout,
      maxHandshakes,
      config.scheduler,
    );
    if (config.maxConnections !== undefined) server.maxConnections = config.maxConnections;
    const { spareDescriptors, scheduler = asyncScheduler } = config;
    const spare = new SpareDescriptors({
      spare: spareDescriptors,
      now: () => scheduler.now(),
      report: (error) => this.#gate.report(error),
    });
    server.on('connection', (socket: Socket) => {
      socket.on('error', ignoreErrors);
      if (spare.takenBy(descriptorOf(socket))) socket.destroy();
      else this.#gate.offer(socket);
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

  reload(tls: TlsServerConfig): void {
    prepareTls(tls);
    if (this.#tls !== undefined) this.#tls = tls;
  }

  ref(): void {
    this.#server.ref();
  }

  unref(): void {
    this.#server.unref();
  }

  close({ lastWord }: { readonly lastWord?: number | undefined } = {}): Observable<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#server.close(); // gives the address up at once; its event waits for the connections, we do not
      this.#gate.stop();
      this.#closed.next();
      this.#closed.complete();
    }
    this.#preparing.close(lastWord);
    return this.#closed.asObservable();
  }

  #accept(socket: Socket): void {
    if (socket.destroyed) return;
    const { highWaterMark } = this.#config;
    const info = this.address.family === 'unix' ? unixInfo(this.address.address, '') : tcpInfo(socket);
    // Reset before it was accepted: whatever it has asked for, nobody is there to be answered. Other systems do not hand it out at all.
    if (info.transport === 'tcp' && info.remote.address === '') return void socket.destroy();
    const connection = streamDuplex(socket, { info, highWaterMark });
    if (this.#preamble === undefined) return this.#emit(connection);
    this.#preparing.start(connection, acceptPreamble(connection, this.#preamble));
    if (this.#preparing.full) this.#gate.full(true);
  }

  #emit(connection: ByteDuplex): void {
    if (!this.#gate.emit(connection)) connection.error(new NetworkError('ECONNABORTED', 'listen', 'not accepted'));
  }
}

function addressOf(server: Server): Address {
  const address = server.address() as AddressInfo | string;
  return typeof address === 'string' ? unixAddress(address) : ipAddress(address.address, address.port);
}

function tooMany(limit: number | undefined): NetworkError {
  return new NetworkError('CONNECTION_LIMIT', 'listen', `${limit} connections are open already`);
}
