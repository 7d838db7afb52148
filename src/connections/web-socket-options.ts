import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { ControlFrameBudget } from '../../operators/websocket/control-budget.js';
import type { InboundLimits } from '../../operators/websocket/inbound-messages.js';
import type { WebSocketMessage } from '../../operators/websocket/message.js';
import type { DeflateConfig } from '../../operators/websocket/permessage-deflate.js';

/**
 * What becomes of a message that is sent when `maxBufferedBytes` are waiting already.
 *
 * - `hold`, the default: inside a delivery it waits, and so does whoever delivers; of its own accord nobody can be made to
 *   wait, and it fails as with `error`.
 * - `error`: the connection fails with `SEND_OVERFLOW`, inside a delivery too.
 * - `drop-oldest`: messages that have not begun to leave make room. Nobody is ever held.
 * - `drop-newest`: it is dropped. Nobody is ever held.
 */
export type WebSocketOverflow = 'hold' | 'error' | 'drop-oldest' | 'drop-newest';

/** What both ends can choose. */
export interface WebSocketOptions<In = WebSocketMessage, Out = WebSocketMessage> extends InboundLimits {
  /** The longest message that is taken; default 16 MiB for a client, 1 MiB for a server. Bytes. */
  readonly maxMessageSize?: number | undefined;
  /** Frames in one message that is taken; default 1024. */
  readonly maxFragments?: number | undefined;
  /** Control frames of the peer; default 1000 at once and 100 a second. */
  readonly controlFrames?: ControlFrameBudget | undefined;
  /** Bytes of messages that wait to leave, each 256 at least while queued; default 1 MiB. One that waits alone is always taken. */
  readonly maxBufferedBytes?: number | undefined;
  readonly overflow?: WebSocketOverflow | undefined;
  /** permessage-deflate; offered, or accepted, only where this is set. */
  readonly deflate?: DeflateConfig | undefined;
  /** Milliseconds from the wish to close until the connection has ended; then it is cut off. Default 10 000. */
  readonly closeTimeout?: number | undefined;
  /** Milliseconds between pings that find out whether the peer is still there; default 0, none. */
  readonly pingInterval?: number | undefined;
  /** Milliseconds in which such a ping is to be answered; stands still while a consumer holds. Default 10 000. */
  readonly pingTimeout?: number | undefined;
  /** Clock of all of these; default that of the client, or `asyncScheduler`. */
  readonly scheduler?: SchedulerLike | undefined;
  /** Makes messages of what is sent; without it, strings are text and bytes binary, and nothing else is sent. */
  readonly serializer?: ((value: Out) => WebSocketMessage) | undefined;
  /** Makes values of the messages that come. */
  readonly deserializer?: ((message: WebSocketMessage) => In) | undefined;
}

/** {@link WebSocketOptions} with their defaults, checked. */
export interface ResolvedWebSocketOptions extends InboundLimits {
  readonly maxMessageSize: number | undefined;
  readonly maxFragments: number | undefined;
  readonly controlFrames: ControlFrameBudget | undefined;
  readonly maxBufferedBytes: number;
  readonly overflow: WebSocketOverflow;
  readonly closeTimeout: number;
  readonly pingInterval: number;
  readonly pingTimeout: number;
  readonly scheduler: SchedulerLike;
  readonly serializer: ((value: never) => unknown) | undefined;
  readonly deserializer: ((message: WebSocketMessage) => unknown) | undefined;
}

const OVERFLOWS: readonly WebSocketOverflow[] = ['hold', 'error', 'drop-oldest', 'drop-newest'];

/** @throws UsageError `INVALID_OPTION`, `INVALID_LIMIT`, `INVALID_TIMEOUT` */
export function resolveWebSocketOptions<In, Out>(config: WebSocketOptions<In, Out>): ResolvedWebSocketOptions {
  const { overflow = 'hold', scheduler = asyncScheduler, serializer, deserializer } = config;
  if (!OVERFLOWS.includes(overflow)) throw new UsageError('INVALID_OPTION', `overflow: one of ${OVERFLOWS.join(', ')}`);
  return {
    maxMessageSize: limit('maxMessageSize', config.maxMessageSize),
    maxFragments: limit('maxFragments', config.maxFragments),
    controlFrames: config.controlFrames,
    maxQueued: limit('maxQueued', config.maxQueued, 32),
    maxQueuedBytes: limit('maxQueuedBytes', config.maxQueuedBytes, 1_048_576),
    maxBufferedBytes: limit('maxBufferedBytes', config.maxBufferedBytes, 1_048_576),
    overflow,
    closeTimeout: milliseconds('closeTimeout', config.closeTimeout, 10_000),
    pingInterval: milliseconds('pingInterval', config.pingInterval, 0),
    pingTimeout: milliseconds('pingTimeout', config.pingTimeout, 10_000),
    scheduler,
    serializer,
    deserializer,
  };
}

function limit(name: string, value: number | undefined): number | undefined;
function limit(name: string, value: number | undefined, fallback: number): number;
function limit(name: string, value: number | undefined, fallback?: number): number | undefined {
  const chosen = value ?? fallback;
  if (chosen === undefined || (typeof chosen === 'number' && chosen >= 1)) return chosen;
  throw new UsageError('INVALID_LIMIT', `${name}: a number of at least 1`);
}

/** A time limit that may be off, as 0. @throws UsageError `INVALID_TIMEOUT` */
export function milliseconds(name: string, value: number | undefined, fallback: number): number {
  const chosen = value ?? fallback;
  if (typeof chosen === 'number' && chosen >= 0) return chosen;
  throw new UsageError('INVALID_TIMEOUT', `${name}: not a number of milliseconds`);
}
