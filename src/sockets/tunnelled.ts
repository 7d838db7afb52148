import type { DuplexSubject } from '../../operators/core/duplex-subject.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import { ByteDuplex, type ByteDuplexPort, type SocketInfo } from './byte-duplex.js';
import { OutboundPort } from './outbound-port.js';

/**
 * The far end of a tunnel as the connection it stands for: its bytes are those of the tunnel, its life is that of the socket below.
 *
 * @param secure TLS is spoken through the tunnel; else what `info` says of TLS, if anything, is of the way to a proxy, and left out
 */
export function tunnelled(
  bytes: DuplexSubject<Uint8Array, Uint8Array, SocketInfo>,
  socket: ByteDuplex,
  secure: boolean,
): ByteDuplex {
  const info = secure ? bytes.info : { ...bytes.info, tls: undefined };
  return new ByteDuplex(bytes, new TunnelPort(bytes, socket), info);
}

class TunnelPort extends OutboundPort implements ByteDuplexPort {
  readonly #socket: ByteDuplex;
  /** TLS through the tunnel, which counts for itself. */
  readonly #clear: ByteDuplex | undefined;

  constructor(bytes: DuplexSubject<Uint8Array, Uint8Array, SocketInfo>, socket: ByteDuplex) {
    super(bytes);
    this.#socket = socket;
    this.#clear = bytes instanceof ByteDuplex ? bytes : undefined;
  }

  get heldBytes(): number {
    return this.#clear?.heldBytes ?? this.#socket.heldBytes;
  }

  get bufferedBytes(): number {
    return (this.#clear?.bufferedBytes ?? 0) + this.#socket.bufferedBytes;
  }

  get paused(): boolean {
    return (this.#clear ?? this.#socket).paused;
  }

  get destroyed(): boolean {
    return this.#socket.destroyed || this.#clear?.destroyed === true;
  }

  get begun(): boolean {
    return ByteDuplex.portOf(this.#socket).begun;
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  unread(): void {
    throw new UsageError('ALREADY_SUBSCRIBED', 'what has been read of a tunnel is not given back');
  }

  detach(): undefined {
    return undefined;
  }
}
