import { defer, map, type Observable } from 'rxjs';
import { DuplexSubject } from '../core/duplex-subject.js';
import { openTunnel, type TunnelConfig } from './handshake.js';
import { Socks5Handshake, type Socks5Bound, type Socks5Target } from './socks5-handshake.js';

export interface Socks5Config extends TunnelConfig, Socks5Target {}

/** A byte stream through a SOCKS proxy. */
export class Socks5Subject<Info = unknown> extends DuplexSubject<Uint8Array, Uint8Array, Info> {
  /** What the proxy says it bound for it. */
  readonly bound: Socks5Bound;

  constructor(tunnel: DuplexSubject<Uint8Array, Uint8Array, Info>, bound: Socks5Bound) {
    super(tunnel, tunnel, tunnel.info);
    this.bound = bound;
  }
}

/**
 * A tunnel through a SOCKS 5 proxy: asks over a byte stream to be connected and emits the stream behind it (RFC 1928), with user
 * and password if they are given (RFC 1929). A name is resolved by the proxy (`socks5h`); resolve it before to use an address. Any byte
 * stream will do: a socket, TLS to the proxy, another tunnel.
 *
 * ```text
 * socket  -m--r|-x…   m: the method chosen, r: succeeded
 * socks5  ----(t|)    t: -x…
 * ```
 *
 * There is no clock in it; the caller limits the wait, and unsubscribing aborts the stream.
 *
 * Fails with `ProtocolError`: one code for each reply of RFC 1928 §6 (`SOCKS_FAILURE`, `SOCKS_NOT_ALLOWED`, `SOCKS_NETWORK_UNREACHABLE`,
 * `SOCKS_HOST_UNREACHABLE`, `SOCKS_CONNECTION_REFUSED`, `SOCKS_TTL_EXPIRED`, `SOCKS_COMMAND_UNSUPPORTED`, `SOCKS_ADDRESS_UNSUPPORTED`),
 * `SOCKS_AUTH_REQUIRED`, `SOCKS_AUTH_REJECTED`, `BAD_SOCKS_REPLY`, `TUNNEL_CLOSED`, `EARLY_TUNNEL_BYTES`. With `UsageError`
 * `INVALID_TARGET` (a name longer than 255 bytes, for one) and `INVALID_CREDENTIALS` before anything is sent.
 *
 * @example
 * ```ts
 * import { connectTcp } from 'rxweir';
 * import { socks5 } from 'rxweir/operators';
 * import { switchMap } from 'rxjs';
 * connectTcp({ host: '127.0.0.1', port: 1080 })
 *   .pipe(switchMap((proxy) => socks5(proxy, { host: 'example.com', port: 80 })))
 *   .subscribe((tunnel) => tunnel.subscribe());
 * ```
 * @see connectTunnel
 */
export function socks5<Info>(
  socket: DuplexSubject<Uint8Array, Uint8Array, Info>,
  config: Socks5Config,
): Observable<Socks5Subject<Info>> {
  return defer(() => {
    let handshake!: Socks5Handshake;
    return openTunnel(socket, () => (handshake = new Socks5Handshake(config)), config).pipe(
      map((tunnel) => new Socks5Subject(tunnel, handshake.bound as Socks5Bound)),
    );
  });
}
