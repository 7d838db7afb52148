import type { OperatorFunction } from 'rxjs';
import { negotiate, type TunnelStep } from './negotiate.js';
import { Socks5Handshake, type Socks5Bound, type Socks5Target } from './socks5-handshake.js';

/**
 * The handshake of SOCKS 5 (RFC 1928, RFC 1929) as a pure operator: what the proxy sends goes in, what is to be sent to it comes out, then
 * `open` with what it bound and the bytes behind its reply. It knows no socket; `socks5` is the same over one.
 *
 * ```text
 * source           -m-r     m: the method chosen, r: succeeded
 * negotiateSocks5  ss-(o|)  s: methods, then the request, o: open
 * ```
 *
 * Fails as `socks5` does, except that early bytes are for the caller to judge.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { negotiateSocks5 } from 'rxweir/operators';
 * of(Buffer.from([5, 0]), Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 80]))
 *   .pipe(negotiateSocks5({ host: 'example.com', port: 443 }))
 *   .subscribe(({ type }) => console.log(type)); // send, send, open
 * ```
 * @see socks5
 */
export function negotiateSocks5(config: Socks5Target): OperatorFunction<Uint8Array, TunnelStep<Socks5Bound>> {
  return negotiate(
    () => new Socks5Handshake(config),
    ({ bound }) => bound as Socks5Bound,
  );
}
