import type { CloseReason } from './close-payload.js';
import type { WebSocketRole } from './close-code.js';
import type { ControlFrameBudget } from './control-budget.js';
import type { InboundLimits } from './inbound-messages.js';
import type { DeflateParameters } from './permessage-deflate.js';
import type { WebSocketState } from './state.js';

export interface WebSocketConnectionOptions extends InboundLimits {
  readonly role: WebSocketRole;
  /** A client's masking keys, one for each frame: four bytes of a strong source of randomness, as a number. */
  readonly mask?: (() => number) | undefined;
  /** What the handshake agreed on. */
  readonly deflate?: DeflateParameters | undefined;
  /** The longest message that is taken; default 1 MiB for a server, 16 MiB for a client. Bytes. */
  readonly maxMessageSize?: number | undefined;
  /** Frames in one message that is taken; default 1024. */
  readonly maxFragments?: number | undefined;
  /** Milliseconds of a monotonic clock; without it control frames are not held to their budget. */
  readonly now?: (() => number) | undefined;
  /** Control frames of the peer; default 1000 at once and 100 a second. */
  readonly controlFrames?: ControlFrameBudget | undefined;
}

/** How a connection came to its end. */
export interface WebSocketClosed {
  readonly state: 'closedLocal' | 'closedRemote' | 'failed' | 'lost';
  /** Both Close frames were exchanged. */
  readonly clean: boolean;
  /** Code and reason of whoever began to close; 1005 where that had none, 1006 where there was no Close frame. */
  readonly code: number;
  readonly reason: string;
  /** The Close frame we sent, and the one that came. */
  readonly sent: CloseReason | undefined;
  readonly received: CloseReason | undefined;
  /** Why it was not clean. */
  readonly error: unknown;
}

/** What the owner of a connection is told. None of these may be called from inside its own call. */
export interface WebSocketHooks {
  /** Each change, in order, and what broke it off, if that is known; the closing states are when to start the clock of the close timeout. */
  state?(state: WebSocketState, error?: unknown): void;
  /** A ping came; it has been answered, or will be. The payload is the owner's. */
  ping?(payload: Uint8Array): void;
  /** A pong came. */
  pong?(payload: Uint8Array): void;
  /** All that was sent has left. */
  drained?(): void;
  /** Whoever read has unsubscribed before the end: the owner should close. */
  cancelled?(): void;
  /** It is over, once. */
  closed?(closed: WebSocketClosed): void;
}
