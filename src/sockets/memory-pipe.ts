import type { SchedulerLike } from 'rxjs';
import { hold, type Release } from '../../operators/core/deliver.js';

/** How a pair of connected sockets behaves. */
export interface MemoryPipeOptions {
  readonly scheduler: SchedulerLike;
  /** Milliseconds from a write to its arrival. */
  readonly latency: number;
  readonly chunking: Chunking | undefined;
  readonly highWaterMark: number;
  /** Bytes after which the connection is reset. */
  readonly resetAfter: number | undefined;
  /** Bytes after which nothing arrives any more. */
  readonly stallAfter: number | undefined;
}

/**
 * Cuts what one write sent into what arrives: pieces (to be joined they must give the same bytes), or their size.
 *
 * @param index of the write in its direction.
 */
export type Chunking = (bytes: Uint8Array, index: number) => Iterable<Uint8Array> | number;

/** The receiving end of a {@link MemoryPipe}. */
export interface PipeReader {
  /** Takes no data now: paused, or nobody has subscribed. */
  readonly blocked: boolean;
  received(bytes: Uint8Array): void;
  ended(): void;
  /** Data for a socket that is closed. */
  refused(): void;
  readonly closed: boolean;
}

interface Segment {
  /** undefined: the end. */
  readonly bytes: Uint8Array | undefined;
  readonly due: number;
}

/**
 * One direction of a connection under a scheduler: ordered, delayed, never synchronous. Its capacity is the high-water
 * mark, over all that was written and not yet consumed; who writes beyond it is held until consumption falls below half.
 */
export class MemoryPipe {
  readonly #options: MemoryPipeOptions;
  readonly #reader: PipeReader;
  readonly #reset: () => void;
  readonly #queue: Segment[] = [];
  #queued = 0;
  #unconsumed = 0;
  #writes = 0;
  #sent = 0;
  #ended = false;
  #scheduled = false;
  #waiting: Release[] = [];

  constructor(options: MemoryPipeOptions, reader: PipeReader, reset: () => void) {
    this.#options = options;
    this.#reader = reader;
    this.#reset = reset;
  }

  /** Bytes on their way, or arrived and not taken. */
  get queuedBytes(): number {
    return this.#queued;
  }

  /** Something has arrived that the reader has not taken. */
  get unread(): boolean {
    const first = this.#queue[0];
    return first?.bytes !== undefined && first.due <= this.#options.scheduler.now();
  }

  write(bytes: Uint8Array): void {
    if (this.#ended) return;
    const { resetAfter = Infinity, stallAfter = Infinity } = this.#options;
    const passing = Math.max(0, Math.min(bytes.length, resetAfter - this.#sent, stallAfter - this.#sent));
    this.#sent += bytes.length;
    this.#unconsumed += bytes.length;
    this.#queued += bytes.length;
    // A copy: the writer may use its buffer again once this has returned.
    if (passing > 0) for (const piece of this.#cut(Buffer.from(bytes.subarray(0, passing)))) this.#push(piece);
    if (this.#sent >= resetAfter) {
      this.#ended = true;
      this.#options.scheduler.schedule(this.#reset, this.#options.latency);
    } else if (this.#unconsumed >= this.#options.highWaterMark) this.#waiting.push(hold());
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#sent < (this.#options.stallAfter ?? Infinity)) this.#push(undefined);
  }

  /** The writer is gone; what it sent still arrives. */
  abandon(): void {
    this.#ended = true;
    this.#letGo();
  }

  /** The reader is done with that many bytes. */
  consumed(count: number): void {
    this.#unconsumed -= count;
    if (this.#unconsumed * 2 < this.#options.highWaterMark || this.#unconsumed === 0) this.#letGo();
  }

  /** The reader may have become able to take more. */
  wake(): void {
    const first = this.#queue[0];
    if (this.#scheduled || first === undefined || this.#reader.blocked) return;
    this.#scheduled = true;
    const { scheduler } = this.#options;
    scheduler.schedule(() => this.#arrive(), Math.max(0, first.due - scheduler.now()));
  }

  /** Gives the reader all that was sent before now, as far as it takes it. */
  flush(): void {
    while (!this.#reader.blocked && this.#deliver());
  }

  /** Drops what is on its way. */
  close(): void {
    this.#queue.length = 0;
    this.#queued = 0;
    this.abandon();
  }

  #arrive(): void {
    this.#scheduled = false;
    const now = this.#options.scheduler.now();
    while (!this.#reader.blocked && (this.#queue[0]?.due ?? Infinity) <= now && this.#deliver());
    this.wake();
  }

  #deliver(): boolean {
    const segment = this.#queue.shift();
    if (segment === undefined) return false;
    if (segment.bytes === undefined) this.#reader.ended();
    else {
      this.#queued -= segment.bytes.length;
      if (this.#reader.closed) this.#reader.refused();
      else this.#reader.received(segment.bytes);
    }
    return true;
  }

  #push(bytes: Uint8Array | undefined): void {
    const { scheduler, latency } = this.#options;
    this.#queue.push({ bytes, due: scheduler.now() + latency });
    this.wake();
  }

  #cut(bytes: Uint8Array): Iterable<Uint8Array> {
    const cut = this.#options.chunking?.(bytes, this.#writes++) ?? Infinity;
    if (typeof cut !== 'number') return [...cut].filter((piece) => piece.length > 0);
    const size = Math.floor(cut);
    if (!(size >= 1) || size >= bytes.length) return [bytes];
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
    return pieces;
  }

  #letGo(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const release of waiting) release();
  }
}
