import { deliver } from '../core/deliver.js';
import { connectionError, streamError } from './http2-error.js';
import { DEFAULT_WINDOW } from './flow-control.js';
import type { FrameOutput } from './frame-output.js';
import { MemoryLedger } from './ledger.js';
import { SMALL_DATA, SmallData } from './small-data.js';
import type { Http2Stream } from './stream.js';
import type { Streams } from './streams.js';

/** A view of less than this part of the chunk it lies in is copied before it is handed out: it may be held for long. */
const LEAST_PART = 4;

/**
 * Credit for what the peer sends (RFC 9113 §5.2, §6.9). A stream's window opens as its consumer releases; the connection's
 * opens on arrival as long as all that is held stays within the ledger, so that one slow consumer stops no sibling.
 */
export class ReceiveCredit {
  readonly ledger: MemoryLedger;
  readonly #output: FrameOutput;
  readonly #window: number;
  readonly #budget: number;
  #receivable = DEFAULT_WINDOW;
  #held = 0;
  #owed = 0;
  #streamWindow = DEFAULT_WINDOW;
  /** Streams with {@link SmallData}. */
  #joining: Http2Stream[] = [];

  /** @param window bytes of the connection's window */
  constructor(output: FrameOutput, window: number, budget: number) {
    this.#output = output;
    this.#window = window;
    this.#budget = budget;
    this.ledger = new MemoryLedger(budget);
  }

  /** Bytes delivered to consumers that hold them. */
  get held(): number {
    return this.#held;
  }

  /** Makes the connection's window as large as configured. */
  open(): void {
    const missing = this.#window - this.#receivable;
    if (missing <= 0) return;
    this.#receivable = this.#window;
    this.#output.windowUpdate(0, missing);
  }

  /** Bytes that a stream begins with: the most that the peer may take for it. */
  get streamWindow(): number {
    return this.#streamWindow;
  }

  /** It moves: the windows of the streams there are by the difference, below 0 if need be (RFC 9113 §6.9.2). */
  resize(streamWindow: number, streams: Streams): void {
    const difference = streamWindow - this.#streamWindow;
    if (difference === 0) return;
    this.#streamWindow = streamWindow;
    for (const stream of streams.all()) {
      stream.receivable += difference;
      if (stream.released > 0) this.giveBack(stream, 0);
    }
  }

  /** DATA came, on whatever stream: `bytes` are its payload, padding included. @throws ProtocolError connection */
  arrived(bytes: number): void {
    this.#receivable -= bytes;
    if (this.#receivable < 0) {
      throw connectionError('FLOW_CONTROL_ERROR', `DATA passes the connection's window by ${-this.#receivable} bytes`);
    }
    this.#owed += bytes;
  }

  /** The same, for its stream. @throws ProtocolError stream */
  take(stream: Http2Stream, bytes: number): void {
    if (bytes > stream.receivable) {
      throw streamError('FLOW_CONTROL_ERROR', `${bytes} bytes where the window has ${stream.receivable}`);
    }
    stream.receivable -= bytes;
  }

  /**
   * Hands a piece of a body to its consumer, a small one together with those behind it where what came before is held: see {@link flush}.
   *
   * @param within bytes of the chunk it is a view of. @throws ProtocolError
   */
  deliver(stream: Http2Stream, data: Uint8Array, within: number): void {
    const { length } = data;
    if (length <= SMALL_DATA && stream.held > 0) return this.#join(stream, data);
    if (stream.small !== undefined) this.#handJoined(stream, stream.small);
    this.#hand(stream, length * LEAST_PART < within ? copyOf(data) : data, 1);
  }

  /** Hands out what was joined. It waits for nothing but the end of the chunk it came in, or a frame of another kind. @throws ProtocolError */
  flush(): void {
    if (this.#joining.length === 0) return;
    const streams = this.#joining;
    this.#joining = [];
    for (const stream of streams) {
      const { small } = stream;
      stream.small = undefined;
      if (small !== undefined) this.#handJoined(stream, small);
    }
  }

  #join(stream: Http2Stream, data: Uint8Array): void {
    let { small } = stream;
    if (small === undefined) {
      small = stream.small = new SmallData();
      this.#joining.push(stream);
    }
    if (small.add(data)) return;
    this.#handJoined(stream, small);
    small.add(data);
  }

  #handJoined(stream: Http2Stream, small: SmallData): void {
    const { frames } = small;
    const data = small.take();
    if (frames > 0 && !stream.closed) this.#hand(stream, data, frames);
  }

  #hand(stream: Http2Stream, data: Uint8Array, frames: number): void {
    const { length } = data;
    const { sink } = stream;
    if (sink === undefined) return this.giveBack(stream, length);
    this.ledger.charge(length, frames);
    stream.held += length;
    this.#held += length;
    deliver(sink, data, stream.onReleased(frames));
  }

  /** A consumer has let go of a piece that came in so many frames. */
  released(stream: Http2Stream, bytes: number, frames: number): void {
    this.ledger.release(bytes, frames);
    this.#held -= bytes;
    stream.held -= bytes;
    this.giveBack(stream, bytes);
  }

  /** Bytes of a stream are consumed, or were padding. */
  giveBack(stream: Http2Stream, bytes: number): void {
    stream.released += bytes;
    if (stream.released * 2 < this.#streamWindow || stream.remoteEnded) return;
    this.#output.windowUpdate(stream.id, stream.released);
    stream.receivable += stream.released;
    stream.released = 0;
  }

  /** A chunk is read: what was joined goes, and the connection's window opens again once half of it is owed and what is held leaves room. */
  replenish(): void {
    this.flush();
    if (this.#owed === 0 || this.#owed * 2 < this.#window || this.#held + this.#window > this.#budget) return;
    this.#output.windowUpdate(0, this.#owed);
    this.#receivable += this.#owed;
    this.#owed = 0;
  }
}

/** `Uint8Array.from` would go through it byte by byte. */
function copyOf(data: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafe(data.length);
  copy.set(data);
  return copy;
}
