import type { Observable } from 'rxjs';
import type { DuplexSubject } from '../core/duplex-subject.js';
import { ConnectHandshake, type ConnectRequest } from './connect-handshake.js';
import { openTunnel, type TunnelConfig, type TunnelSubject } from './handshake.js';

export interface ConnectTunnelConfig extends TunnelConfig, ConnectRequest {}

/**
 * A tunnel through an HTTP proxy: sends CONNECT over a byte stream and emits the stream behind it once the proxy has answered
 * 2xx (RFC 9110 §9.3.6). Nothing is sent through it before that. Any byte stream will do: a socket, TLS to the proxy, another tunnel.
 *
 * ```text
 * socket         -r|-x--y…   r: HTTP/1.1 200 OK
 * connectTunnel  -(t|)       t: -x--y…
 * ```
 *
 * There is no clock in it; the caller limits the wait, and unsubscribing aborts the stream.
 *
 * Fails with `TunnelRefusedError` (`TUNNEL_REFUSED`), which has the status, the fields and up to `maxBody` bytes of the body of any other answer;
 * `ProtocolError` `TUNNEL_REPLY_LIMIT` for a head past `maxHead`, `TUNNEL_CLOSED`, `EARLY_TUNNEL_BYTES`, and the codes of a malformed
 * response; `UsageError` `INVALID_TARGET` before anything is sent.
 *
 * @example
 * ```ts
 * import { connectTcp } from 'rxweir';
 * import { connectTunnel } from 'rxweir/operators';
 * import { switchMap } from 'rxjs';
 * connectTcp({ host: '127.0.0.1', port: 3128 })
 *   .pipe(switchMap((proxy) => connectTunnel(proxy, { authority: 'example.com:443' })))
 *   .subscribe((tunnel) => tunnel.subscribe());
 * ```
 * @see socks5
 */
export function connectTunnel<Info>(
  socket: DuplexSubject<Uint8Array, Uint8Array, Info>,
  config: ConnectTunnelConfig,
): Observable<TunnelSubject<Info>> {
  return openTunnel(socket, () => new ConnectHandshake(config), config);
}
