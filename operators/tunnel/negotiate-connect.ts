import type { OperatorFunction } from 'rxjs';
import { ConnectHandshake, type ConnectRequest } from './connect-handshake.js';
import { negotiate, type TunnelStep } from './negotiate.js';

/**
 * The handshake of CONNECT (RFC 9110 §9.3.6) as a pure operator: what an HTTP proxy sends goes in, what is to be sent to it comes out, then
 * `open` with the bytes behind its answer. It knows no socket; `connectTunnel` is the same over one.
 *
 * ```text
 * source            --r     r: HTTP/1.1 200 OK
 * negotiateConnect  s-(o|)  s: CONNECT a.test:443 HTTP/1.1, o: open
 * ```
 *
 * Fails as `connectTunnel` does, except that early bytes are for the caller to judge.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { negotiateConnect } from 'rxweir/operators';
 * of(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))
 *   .pipe(negotiateConnect({ authority: 'example.com:443' }))
 *   .subscribe(({ type }) => console.log(type)); // send, open
 * ```
 * @see connectTunnel
 */
export function negotiateConnect(config: ConnectRequest): OperatorFunction<Uint8Array, TunnelStep> {
  return negotiate(
    () => new ConnectHandshake(config),
    () => undefined,
  );
}
