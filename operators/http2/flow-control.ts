/**
 * Flow-control windows (RFC 9113 §5.2, §6.9): signed arithmetic, and the policy of when WINDOW_UPDATE is sent.
 *
 * A window of either kind belongs to a stream or to the connection; which one decides the scope of its errors. A change
 * of SETTINGS_INITIAL_WINDOW_SIZE moves every stream's window by the difference, below 0 if need be, and never the
 * connection's.
 *
 * Policy: credit is given back when half of the window has been consumed. Earlier costs frames, later stalls a sender.
 */
import { connectionError, streamError } from './http2-error.js';

/** The largest window, and the largest increment. Bytes. */
export const MAX_WINDOW = 2 ** 31 - 1;
/** The window that everything starts with. Bytes. */
export const DEFAULT_WINDOW = 65_535;

/** Whose window it is. */
export type WindowScope = 'stream' | 'connection';

/** What we may still send. */
export class SendWindow {
  readonly #scope: WindowScope;
  #available: number;

  constructor(scope: WindowScope, size = DEFAULT_WINDOW) {
    this.#scope = scope;
    this.#available = size;
  }

  /** Bytes that may be sent now; below 0 after the peer has made its windows smaller. */
  get available(): number {
    return this.#available;
  }

  /** Takes up to `wanted` bytes of credit, no more than there are; how many. */
  take(wanted: number): number {
    const taken = Math.max(0, Math.min(wanted, this.#available));
    this.#available -= taken;
    return taken;
  }

  /** Puts back credit that was taken and not used. */
  putBack(bytes: number): void {
    this.#available += bytes;
  }

  /** WINDOW_UPDATE. @throws ProtocolError `FLOW_CONTROL_ERROR` of this window's scope, over 2^31 - 1 */
  increase(increment: number): void {
    const grown = this.#available + increment;
    if (grown > MAX_WINDOW) throw flowControlError(this.#scope, `WINDOW_UPDATE makes a window of ${grown} bytes`);
    this.#available = grown;
  }

  /** The peer's INITIAL_WINDOW_SIZE moved. @throws ProtocolError connection `FLOW_CONTROL_ERROR`, over 2^31 - 1 */
  adjust(difference: number): void {
    const moved = this.#available + difference;
    if (moved > MAX_WINDOW) throw flowControlError('connection', `SETTINGS make a window of ${moved} bytes`);
    this.#available = moved;
  }
}

/** What the peer may still send us. */
export class ReceiveWindow {
  readonly #scope: WindowScope;
  #size: number;
  #available: number;
  #released = 0;

  constructor(scope: WindowScope, size = DEFAULT_WINDOW) {
    this.#scope = scope;
    this.#size = size;
    this.#available = size;
  }

  /** Bytes the window has when all is consumed and given back. */
  get size(): number {
    return this.#size;
  }

  /** Bytes the peer may send now. */
  get available(): number {
    return this.#available;
  }

  /** Bytes received and not released. */
  get held(): number {
    return this.#size - this.#available - this.#released;
  }

  /** Bytes released and not yet given back. */
  get released(): number {
    return this.#released;
  }

  /** DATA of `bytes`, padding included. @throws ProtocolError `FLOW_CONTROL_ERROR` of this window's scope */
  receive(bytes: number): void {
    if (bytes > this.#available) {
      throw flowControlError(this.#scope, `${bytes} bytes where the window has ${this.#available}`);
    }
    this.#available -= bytes;
  }

  /** `bytes` are consumed: the increment to send now, or 0. */
  release(bytes: number): number {
    this.#released += bytes;
    return this.#released * 2 >= this.#size ? this.flush() : 0;
  }

  /** Gives back what is released, however little: the increment, or 0. At most 2^31 - 1; call again for more. */
  flush(): number {
    const increment = Math.max(0, Math.min(this.#released, this.#size - this.#available, MAX_WINDOW));
    this.#released -= increment;
    this.#available += increment;
    return increment;
  }

  /** Our INITIAL_WINDOW_SIZE moved: both sides count the difference, no WINDOW_UPDATE is due. For a stream's window. */
  adjust(difference: number): void {
    this.#size += difference;
    this.#available += difference;
  }

  /** Makes the window larger by WINDOW_UPDATE, as a connection's must: the increment to send. */
  grow(bytes: number): number {
    const increment = Math.max(0, Math.min(bytes, MAX_WINDOW - this.#size));
    this.#size += increment;
    this.#available += increment;
    return increment;
  }
}

/** An amount of credit as increments that one WINDOW_UPDATE each can carry. */
export function splitIncrement(bytes: number): number[] {
  const increments: number[] = [];
  for (let left = bytes; left > 0; left -= MAX_WINDOW) increments.push(Math.min(left, MAX_WINDOW));
  return increments;
}

function flowControlError(scope: WindowScope, message: string): Error {
  return (scope === 'stream' ? streamError : connectionError)('FLOW_CONTROL_ERROR', message);
}
