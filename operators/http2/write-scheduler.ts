/**
 * Who writes next: the streams that have something to send and credit to send it, in the order of RFC 9218.
 *
 * A lower urgency number goes first. Within one urgency, streams take turns; those that said they are not incremental share
 * one turn among them, which the lowest identifier has until it is done (RFC 9218 §10). A stream of which nothing was said
 * takes turns: a client without priorities gets fairness.
 */
import { UsageError } from '../core/protocol-error.js';
import type { Priority } from './priority-field.js';

const URGENCIES = 8;
const UNSAID_URGENCY = 3;
/** Stands in a ring for all that are served one after the other. */
const SERIAL = 0;

/** The streams of one urgency that are ready. */
interface Level {
  /** Those that take turns, the next one first; {@link SERIAL} among them while `serial` is not empty. */
  readonly ring: number[];
  /** Those that do not, by identifier. */
  readonly serial: number[];
}

interface Entry {
  urgency: number;
  serial: boolean;
  ready: boolean;
}

/**
 * Orders ready streams; knows nothing of bytes and windows.
 *
 * @example
 * ```ts
 * import { WriteScheduler } from 'rxweir/operators';
 * const scheduler = new WriteScheduler();
 * scheduler.add(1);
 * scheduler.add(3, { urgency: 0, incremental: false });
 * scheduler.ready(1);
 * scheduler.ready(3);
 * scheduler.next(); // 3
 * ```
 */
export class WriteScheduler {
  readonly #entries = new Map<number, Entry>();
  readonly #levels: readonly Level[] = Array.from({ length: URGENCIES }, () => ({ ring: [], serial: [] }));
  #readyCount = 0;

  /** Streams that are ready. */
  get size(): number {
    return this.#readyCount;
  }

  /** Takes up a stream, not ready yet. Of one that is known the priority changes. @throws UsageError `INVALID_PRIORITY` */
  add(streamId: number, priority?: Priority): void {
    checkPriority(priority);
    if (this.#entries.has(streamId)) {
      if (priority) this.reprioritize(streamId, priority);
      return;
    }
    const urgency = priority?.urgency ?? UNSAID_URGENCY;
    this.#entries.set(streamId, { urgency, serial: priority !== undefined && !priority.incremental, ready: false });
  }

  /** The stream has something to send and credit for it. Of one that is ready, or unknown, nothing changes. */
  ready(streamId: number): void {
    const entry = this.#entries.get(streamId);
    if (entry === undefined || entry.ready) return;
    entry.ready = true;
    this.#readyCount++;
    this.#enter(streamId, entry);
  }

  /** The stream has nothing to send for now, or no credit. */
  blocked(streamId: number): void {
    const entry = this.#entries.get(streamId);
    if (entry === undefined || !entry.ready) return;
    entry.ready = false;
    this.#readyCount--;
    this.#leave(streamId, entry);
  }

  /** Forgets a stream. */
  remove(streamId: number): void {
    this.blocked(streamId);
    this.#entries.delete(streamId);
  }

  /** Changes a priority, from the next turn on. Of an unknown stream nothing. @throws UsageError `INVALID_PRIORITY` */
  reprioritize(streamId: number, priority: Priority): void {
    checkPriority(priority);
    const entry = this.#entries.get(streamId);
    if (entry === undefined) return;
    const serial = !priority.incremental;
    if (entry.urgency === priority.urgency && entry.serial === serial) return;
    if (entry.ready) this.#leave(streamId, entry);
    entry.urgency = priority.urgency;
    entry.serial = serial;
    if (entry.ready) this.#enter(streamId, entry);
  }

  /**
   * The stream whose turn it is, or 0 if none is ready. It stays ready, last in turn: when it has written all it can, say
   * `blocked`.
   */
  next(): number {
    if (this.#readyCount === 0) return 0;
    for (const { ring, serial } of this.#levels) {
      const first = ring.shift();
      if (first === undefined) continue;
      ring.push(first);
      return first === SERIAL ? (serial[0] as number) : first;
    }
    return 0;
  }

  #enter(streamId: number, { urgency, serial: isSerial }: Entry): void {
    const { ring, serial } = this.#levels[urgency] as Level;
    if (!isSerial) {
      ring.push(streamId);
      return;
    }
    if (serial.length === 0) ring.push(SERIAL);
    let at = serial.length;
    while (at > 0 && (serial[at - 1] as number) > streamId) at--;
    serial.splice(at, 0, streamId);
  }

  #leave(streamId: number, { urgency, serial: isSerial }: Entry): void {
    const { ring, serial } = this.#levels[urgency] as Level;
    if (isSerial) {
      serial.splice(serial.indexOf(streamId), 1);
      if (serial.length > 0) return;
    }
    // Most often it is the one that has just had its turn.
    ring.splice(ring.lastIndexOf(isSerial ? SERIAL : streamId), 1);
  }
}

/**
 * How much of `wanted` bytes one turn may send: bounded by both windows and by the frame size; 0 if a window is empty.
 */
export function turnBytes(
  wanted: number,
  streamWindow: number,
  connectionWindow: number,
  maxFrameSize: number,
): number {
  return Math.max(0, Math.min(wanted, streamWindow, connectionWindow, maxFrameSize));
}

function checkPriority(priority: Priority | undefined): void {
  const urgency = priority?.urgency ?? 0;
  if (!Number.isInteger(urgency) || urgency < 0 || urgency >= URGENCIES) {
    throw new UsageError('INVALID_PRIORITY', `urgency is 0 to ${URGENCIES - 1}, not ${urgency}`);
  }
}
