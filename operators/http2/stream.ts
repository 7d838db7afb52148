import type { Release } from '../core/deliver.js';
import type { Fields } from '../http/fields.js';
import type { Priority } from './priority-field.js';
import type { SmallData } from './small-data.js';
import { isClosed, StreamStateCode } from './stream-step.js';
import type { StreamState } from './stream-state.js';
import { streamTable } from './stream-state.js';

/** Who takes what arrives on one stream. Nothing is called after `failed`; `ended` is about the inbound half only. */
export interface StreamSink {
  /** An interim response. */
  informational(status: number, fields: Fields): void;
  /** The head of the final response; the stream may end with it, and `ended` follows then too. */
  response(status: number, fields: Fields, endStream: boolean): void;
  /** A piece of the body, as a delivery: while it is held the stream's window stays that much smaller. */
  next(chunk: Uint8Array): void;
  /** The peer has ended its half. */
  ended(trailers: Fields | undefined): void;
  /** Nothing of what was delivered is held any more. */
  released(): void;
  /** Our half has ended, and all of it has left. */
  sent(): void;
  /** The stream is over before its end: reset by either side, or its connection is gone. */
  failed(error: unknown): void;
}

/** What a stream asks of its connection. */
export interface StreamPort {
  headers(stream: Http2Stream, fields: Fields | readonly string[], pseudo: readonly string[], endStream: boolean): void;
  data(stream: Http2Stream, chunk: Uint8Array): void;
  end(stream: Http2Stream, trailers: Fields | undefined): void;
  reset(stream: Http2Stream, code: number, error: unknown): void;
  provoked(stream: Http2Stream, code: number): void;
  reprioritize(stream: Http2Stream, priority: Priority): void;
  released(stream: Http2Stream, bytes: number, frames: number): void;
}

/** One stream of a connection: its state, its two windows, and what waits for credit to be sent (RFC 9113 §5). */
export class Http2Stream {
  readonly id: number;
  sink: StreamSink | undefined = undefined;
  /** Called when it is over, however that came about. */
  whenOver: (() => void) | undefined = undefined;
  /** See `StreamStateCode`. */
  state: number;
  /** Whose stream it is: opened by us. */
  readonly local: boolean;

  // Inbound.
  /** Bytes the peer may send on it. */
  receivable: number;
  /** Bytes that were consumed and are not given back yet. */
  released = 0;
  /** Bytes delivered and not released by whoever took them. */
  held = 0;
  /** What came of its body and is not delivered yet. */
  small: SmallData | undefined = undefined;
  /** A final response head has come, or the head of a request: what follows are trailers. */
  hasHead = false;
  /** Interim responses so far. */
  interim = 0;
  /** Bytes of body that were declared; -1 if none were. */
  declared = -1;
  received = 0;
  /** Opened by CONNECT: bytes both ways, for as long as either side likes. */
  tunnel = false;
  /** Its response has no body, whatever it declares. */
  bodiless = false;

  // Outbound.
  /** Bytes we may send on it; below 0 after the peer has made its windows smaller. */
  sendable: number;
  /** Chunks that wait for credit, the first from `sent` on, and what lets go of each. */
  queue: Uint8Array[] | undefined = undefined;
  releases: Release[] | undefined = undefined;
  sent = 0;
  /** Bytes in {@link queue}. */
  queued = 0;
  /** Our half ends when the queue is empty, with these trailers. */
  ending = false;
  trailers: Fields | undefined = undefined;
  priority: Priority | undefined = undefined;
  /** DATA frames of very few bytes that the peer's window has brought about. */
  dribbles = 0;
  /** Bytes of body sent so far. */
  written = 0;

  readonly #port: StreamPort;
  #onReleased: ((chunk: Uint8Array) => void) | undefined = undefined;

  constructor(port: StreamPort, id: number, state: number, local: boolean, receivable: number, sendable: number) {
    this.#port = port;
    this.id = id;
    this.state = state;
    this.local = local;
    this.receivable = receivable;
    this.sendable = sendable;
  }

  /** The state by name. */
  get stateName(): StreamState {
    return streamTable.states[this.state] as StreamState;
  }

  get closed(): boolean {
    return isClosed(this.state);
  }

  /** The peer has ended its half, or the stream is over. */
  get remoteEnded(): boolean {
    return this.state === StreamStateCode.halfClosedRemote || isClosed(this.state);
  }

  /** We have ended our half, or will when what is queued has gone, or the stream is over. */
  get localEnded(): boolean {
    return this.ending || this.state === StreamStateCode.halfClosedLocal || isClosed(this.state);
  }

  /**
   * Sends a header block.
   *
   * @param pseudo pseudo-fields, as a flat list: they go first
   * @throws UsageError `ILLEGAL_STREAM_STATE`, `INVALID_FIELD_VALUE`
   */
  headers(fields: Fields | readonly string[], pseudo: readonly string[], endStream = false): void {
    this.#port.headers(this, fields, pseudo, endStream);
  }

  /**
   * Sends body bytes as far as credit goes. Whatever has to wait holds the delivery on the stack until it has gone.
   *
   * @throws UsageError `ILLEGAL_STREAM_STATE` after the end; `SEND_OVERFLOW` for more than `maxQueued` bytes that wait
   *   and were pushed outside a delivery
   */
  data(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#port.data(this, chunk);
  }

  /** Ends our half once everything has gone, with a trailer section if one is given. */
  end(trailers?: Fields): void {
    this.#port.end(this, trailers);
  }

  /** Ends the stream at once in both directions; `error` is what its sink is told, if it is to be told. */
  reset(code: number, error?: unknown): void {
    this.#port.reset(this, code, error);
  }

  /** As {@link reset}, where the peer leaves no other way: it counts as a reset of its own. */
  resetProvoked(code: number): void {
    this.#port.provoked(this, code);
  }

  /** Changes its place among the streams of this side that wait to be written. */
  reprioritize(priority: Priority): void {
    this.#port.reprioritize(this, priority);
  }

  /** @internal What a delivery of its body calls in the end. @param frames how many it came in */
  onReleased(frames: number): (chunk: Uint8Array) => void {
    if (frames > 1) return (chunk) => this.#port.released(this, chunk.length, frames);
    return (this.#onReleased ??= (chunk) => this.#port.released(this, chunk.length, 1));
  }
}
