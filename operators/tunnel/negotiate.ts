/** A handshake as an operator: bytes of the proxy in, bytes for the proxy out, and no socket in sight. */
import type { OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import type { Handshake } from './handshake.js';

/** What a handshake wants next: these bytes to be sent, or nothing more, since the tunnel is open. */
export type TunnelStep<Bound = undefined> =
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  | {
      readonly type: 'open';
      /** What arrived behind the reply: the first bytes of the tunnel, or of somebody who pretends to be at its end. */
      readonly rest: Uint8Array;
      /** What a SOCKS proxy says it bound. */
      readonly bound: Bound;
    };

/** Runs a new handshake for each subscription; it completes with the step `open`. */
export function negotiate<H extends Handshake, Bound>(
  make: () => H,
  boundOf: (handshake: H) => Bound,
): OperatorFunction<Uint8Array, TunnelStep<Bound>> {
  return operate((subscriber) => {
    const handshake = make();
    subscriber.next({ type: 'send', bytes: handshake.begin() });
    return {
      next(chunk) {
        const bytes = handshake.push(chunk);
        if (bytes !== undefined) subscriber.next({ type: 'send', bytes });
        if (!handshake.open) return;
        subscriber.next({ type: 'open', rest: handshake.rest(), bound: boundOf(handshake) });
        subscriber.complete();
      },
      complete: () => handshake.finish(),
    };
  });
}
