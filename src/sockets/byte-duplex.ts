import type { Duplex } from 'node:stream';
import type { DetailedPeerCertificate } from 'node:tls';
import type { Observable } from 'rxjs';
import type { ProxyHeader } from '../../operators/proxy-protocol/proxy-header.js';
import type { CertificateFacts } from './certificate-facts.js';
import { DuplexSubject, type DuplexDestination } from '../../operators/core/duplex-subject.js';

/** One end of a connection. `port` is 0 where there is none; for UNIX sockets `address` is the path, '' if unnamed. */
export interface Address {
  readonly family: 'IPv4' | 'IPv6' | 'unix' | 'memory';
  readonly address: string;
  readonly port: number;
}

/** What the TLS handshake agreed on. */
export interface TlsInfo {
  /** The protocol both ends chose (RFC 7301), if any. */
  readonly alpnProtocol: string | undefined;
  /** `TLSv1.3`, … */
  readonly protocol: string;
  /** Name of the cipher suite, OpenSSL's. */
  readonly cipher: string;
  /** Its name in the registry of IANA. */
  readonly cipherSuite: string;
  /** The peer's certificate was asked for, verified and, on a client, found to name the origin. */
  readonly authorized: boolean;
  /** Why not, where `rejectUnauthorized: false` let it pass: `CERT_HAS_EXPIRED`, … */
  readonly authorizationError?: string;
  /** The name the client indicated (RFC 6066 §3). */
  readonly servername?: string;
  /** An earlier session was resumed. */
  readonly resumed: boolean;
  /** The peer's certificate with its issuers; undefined if it gave none. Ask while the connection is open. */
  peerCertificate(): DetailedPeerCertificate | undefined;
  /** The same, read: who it is for, by whom, from when to when. */
  readonly peer: CertificateFacts | undefined;
  /** On a server that has certificates by name: whether the one it showed is its certificate for this host, too. */
  covers?(host: string): boolean;
}

/** What is known of a connection. `duplex`: bytes that somebody else carries. */
export interface SocketInfo {
  readonly transport: 'tcp' | 'tls' | 'unix' | 'memory' | 'duplex';
  readonly local: Address;
  readonly remote: Address;
  readonly tls: TlsInfo | undefined;
  /** What a proxy has said of the connection it took; `local` and `remote` are then those of its client. */
  readonly proxied?: Proxied | undefined;
}

/** A connection that came through a proxy which speaks the PROXY protocol. */
export interface Proxied {
  readonly header: ProxyHeader;
  /** The proxy. */
  readonly by: Address;
}

/** The outbound side and the state of a {@link ByteDuplex}. */
export interface ByteDuplexPort extends DuplexDestination<Uint8Array> {
  readonly heldBytes: number;
  readonly bufferedBytes: number;
  readonly paused: boolean;
  readonly destroyed: boolean;
  /** Something has come from the peer. */
  readonly begun: boolean;
  ref(): void;
  unref(): void;
  /**
   * Takes back what its reader got, while that is being delivered: nobody reads it now, and the next reader begins with it.
   * The last reader must not unsubscribe.
   */
  unread(chunk: Uint8Array): void;
  /** Gives up the stream of Node.js below, unread and with what was taken back; undefined if there is none. */
  detach(): Duplex | undefined;
}

/**
 * A connection that carries bytes: TCP, TLS, UNIX or in-memory.
 *
 * - Inbound: nothing is read before the subscription, and there is one reader (a second one gets `UsageError`
 *   `ALREADY_SUBSCRIBED`). Completion is the peer's FIN; failures are `NetworkError`, also those from before the
 *   subscription. Unsubscribing before the end closes the connection.
 * - Outbound: `next` writes, `complete` sends FIN after what is queued, `error` closes at once (RST where possible). What
 *   is sent after that is dropped.
 */
export class ByteDuplex extends DuplexSubject<Uint8Array, Uint8Array, SocketInfo> {
  readonly #port: ByteDuplexPort;

  constructor(source: Observable<Uint8Array>, port: ByteDuplexPort, info: SocketInfo) {
    super(source, port, info);
    this.#port = port;
  }

  /** @internal The same connection, of which more is known now. */
  static knownAs(duplex: ByteDuplex, info: SocketInfo): ByteDuplex {
    return new ByteDuplex(duplex, duplex.#port, info);
  }

  /** @internal The other side of it. */
  static portOf(duplex: ByteDuplex): ByteDuplexPort {
    return duplex.#port;
  }

  /** Bytes delivered and not yet released by whoever took them. */
  get heldBytes(): number {
    return this.#port.heldBytes;
  }

  /** Bytes written and not yet taken by the kernel (or by the other end of a memory pair). */
  get bufferedBytes(): number {
    return this.#port.bufferedBytes;
  }

  /** Reading has stopped because {@link heldBytes} passed the high-water mark. */
  get paused(): boolean {
    return this.#port.paused;
  }

  /** Closed in both directions, or aborted. */
  get destroyed(): boolean {
    return this.#port.destroyed;
  }

  /** Keeps the process alive while the connection is open; the default. */
  ref(): void {
    this.#port.ref();
  }

  /** Lets the process end although the connection is open. */
  unref(): void {
    this.#port.unref();
  }
}
