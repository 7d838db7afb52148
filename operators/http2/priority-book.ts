import type { AbuseLimits } from './abuse-limits.js';
import type { PriorityUpdateFrame } from './frames/priority-update-frame.js';
import { connectionError } from './http2-error.js';
import { parsePriorityField, type Priority } from './priority-field.js';
import type { Sender } from './send.js';
import { isClosed, StreamStateCode } from './stream-step.js';
import type { Streams } from './streams.js';

/** Updates kept for streams that are still to come. */
const MOST = 64;

/** What clients say of priorities (RFC 9218 §7), also ahead of the request it is for. */
export class PriorityBook {
  readonly #early = new Map<number, Priority>();

  /** @throws ProtocolError connection: for a stream that cannot be, or too many of them */
  update(frame: PriorityUpdateFrame, streams: Streams, sender: Sender, abuse: AbuseLimits, now: number): void {
    const { prioritizedId, value } = frame;
    const priority = parsePriorityField(value);
    const stream = streams.get(prioritizedId);
    if (stream !== undefined) {
      sender.reprioritize(stream, priority);
      return;
    }
    const state = streams.stateOf(prioritizedId);
    if (isClosed(state)) return abuse.glitch(now);
    if (streams.ids.isLocal(prioritizedId) && state === StreamStateCode.idle) {
      throw connectionError(
        'PROTOCOL_ERROR',
        `PRIORITY_UPDATE for stream ${prioritizedId}, a push that is not promised`,
      );
    }
    if (this.#early.size >= MOST) return abuse.glitch(now);
    this.#early.set(prioritizedId, priority);
  }

  /** What was said of a stream before it came. */
  take(streamId: number): Priority | undefined {
    if (this.#early.size === 0) return undefined;
    const priority = this.#early.get(streamId);
    this.#early.delete(streamId);
    return priority;
  }
}
