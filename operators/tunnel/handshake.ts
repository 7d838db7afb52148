/**
 * What all handshakes through a byte stream share: bytes are sent, replies are read, and what is left is a byte stream again.
 *
 * A handshake itself is an engine without RxJS; {@link openTunnel} runs it over a duplex.
 */
import { Observable } from 'rxjs';
import { DuplexSubject } from '../core/duplex-subject.js';
import { captureSubscriber } from '../core/operate.js';
import { ProtocolError } from '../core/protocol-error.js';
import { UnicastSubject } from '../core/unicast-subject.js';

export interface Handshake {
  /** What is sent first. */
  begin(): Uint8Array;
  /** Takes what arrived; what is to be sent now, if anything. Throws for a reply that ends it. */
  push(chunk: Uint8Array): Uint8Array | undefined;
  /** The peer ended its direction. Always throws: there is no tunnel without a whole reply. */
  finish(): never;
  /** The tunnel is open. */
  readonly open: boolean;
  /** Once it is open: what arrived behind the last reply. */
  rest(): Uint8Array;
}

export interface TunnelConfig {
  /**
   * What to do with bytes that arrive together with the reply that opens the tunnel. `refuse`, the default, is for TLS and HTTP,
   * where the client speaks first: such bytes are not from whom they seem to be from. `keep` is for protocols where the server
   * speaks first; they are then the first to be read.
   */
  readonly earlyBytes?: 'refuse' | 'keep';
}

/** A byte stream through a tunnel; `info` is that of the stream it runs over. */
export type TunnelSubject<Info = unknown> = DuplexSubject<Uint8Array, Uint8Array, Info>;

/**
 * Runs a handshake. Cold: emits the tunnel once it is open and completes; the socket then belongs to the tunnel. Unsubscribing
 * before that, or a failure, lets the socket go, which aborts it.
 */
export function openTunnel<Info>(
  socket: DuplexSubject<Uint8Array, Uint8Array, Info>,
  make: () => Handshake,
  { earlyBytes = 'refuse' }: TunnelConfig,
): Observable<TunnelSubject<Info>> {
  return new Observable((subscriber) => {
    const handshake = make();
    const inbound = new UnicastSubject<Uint8Array>({ cancelled: () => reader.unsubscribe() });
    let handed = false;

    const advance = (chunk: Uint8Array): void => {
      const reply = handshake.push(chunk);
      if (reply !== undefined) socket.next(reply);
      if (!handshake.open) return;
      const rest = handshake.rest();
      if (rest.length > 0 && earlyBytes === 'refuse') {
        const message = 'bytes arrived through the tunnel before anything was sent';
        throw new ProtocolError('EARLY_TUNNEL_BYTES', message);
      }
      handed = true;
      if (rest.length > 0) inbound.next(rest);
      subscriber.next(new DuplexSubject(inbound, socket, socket.info));
      subscriber.complete();
    };
    const attempt = (work: () => void): void => {
      try {
        work();
      } catch (error) {
        reader.unsubscribe();
        subscriber.error(error);
      }
    };

    const reader = captureSubscriber<Uint8Array>({
      next(chunk) {
        if (handed) inbound.next(chunk);
        else attempt(() => advance(chunk));
      },
      error(error) {
        if (handed) inbound.error(error);
        else subscriber.error(error);
      },
      complete() {
        if (handed) inbound.complete();
        else attempt(() => handshake.finish());
      },
    });
    subscriber.add(() => {
      if (!handed) reader.unsubscribe();
    });
    attempt(() => {
      const first = handshake.begin(); // before the socket is touched: it may refuse what was asked for
      socket.subscribe(reader);
      if (!reader.closed) socket.next(first);
    });
  });
}
