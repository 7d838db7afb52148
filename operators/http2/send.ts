import { hold, isDelivering } from '../core/deliver.js';
import { UsageError } from '../core/protocol-error.js';
import type { Fields } from '../http/fields.js';
import type { HpackEncoder } from '../hpack/encoder.js';
import { SendWindow } from './flow-control.js';
import { DEFAULT_MAX_FRAME_SIZE } from './frame-decoder.js';
import type { FrameOutput } from './frame-output.js';
import type { Priority } from './priority-field.js';
import type { Http2Stream } from './stream.js';
import { isClosed, sendStep, StreamInputCode } from './stream-step.js';
import { WriteScheduler } from './write-scheduler.js';

/** Bytes on their way to the socket at which bodies wait, and the scheduler decides who is next. */
const HIGH = 524_288;
/** A window that lets only less than this through is waited for to grow, after {@link MOST_DRIBBLES}. Bytes. */
const QUANTUM = 1024;
const MOST_DRIBBLES = 16;
const NO_PSEUDO: readonly string[] = Object.freeze([]);

/** What the sending lane tells its connection. */
export interface SendHooks {
  /** A stream came to its end by what was sent. */
  sentLast(stream: Http2Stream): void;
}

/** The outbound lane: header blocks in order, and bodies as both windows, the socket and their priorities allow. */
export class Sender {
  readonly output: FrameOutput;
  readonly encoder: HpackEncoder;
  /** The connection's window. */
  readonly window = new SendWindow('connection');
  /** The longest payload the peer takes. Bytes. */
  maxFrameSize = DEFAULT_MAX_FRAME_SIZE;
  /** The longest header list the peer takes, as RFC 9113 counts. Bytes. */
  maxHeaderList = Infinity;
  /** DATA frames sent. */
  dataFrames = 0;
  /** Input is being processed: what is written leaves at the end of that. */
  busy = false;
  readonly #scheduler = new WriteScheduler();
  /** Streams that have something queued, by identifier. */
  readonly #waiting = new Map<number, Http2Stream>();
  readonly #hooks: SendHooks;
  readonly #maxQueued: number;
  #pumping = false;

  constructor(output: FrameOutput, encoder: HpackEncoder, hooks: SendHooks, maxQueued: number) {
    this.output = output;
    this.encoder = encoder;
    this.#hooks = hooks;
    this.#maxQueued = maxQueued;
  }

  /** Streams whose bodies wait for credit, the socket, or their turn. */
  get waiting(): Iterable<Http2Stream> {
    return this.#waiting.values();
  }

  get waits(): boolean {
    return this.#waiting.size > 0;
  }

  headers(
    stream: Http2Stream,
    fields: Fields | readonly string[],
    pseudo: readonly string[],
    endStream: boolean,
  ): void {
    const state = sendStep(stream.state, StreamInputCode.sendHeaders, stream.id);
    this.block(stream, state, this.encode(fields, pseudo), endStream);
  }

  /** The header block of these fields; it has to be sent next. @throws UsageError `HEADER_LIST_TOO_LARGE`, `INVALID_FIELD_VALUE` */
  encode(fields: Fields | readonly string[], pseudo: readonly string[]): Uint8Array {
    if (this.maxHeaderList < Infinity) checkSize(fields, pseudo, this.maxHeaderList);
    return this.encoder.encode(fields, pseudo);
  }

  /** A header block that is encoded, which has to be sent in that order. @param state what it leads to */
  block(stream: Http2Stream, state: number, block: Uint8Array, endStream: boolean): void {
    stream.state = state;
    this.output.headers(stream.id, block, endStream, this.maxFrameSize);
    if (endStream) this.#ended(stream);
    this.flush();
  }

  /** PUSH_PROMISE. The state of the stream it promises is the caller's affair. */
  promise(parent: Http2Stream, promised: number, fields: Fields | readonly string[], pseudo: readonly string[]): void {
    this.output.headers(parent.id, this.encoder.encode(fields, pseudo), false, this.maxFrameSize, promised);
    this.flush();
  }

  data(stream: Http2Stream, chunk: Uint8Array): void {
    if (isClosed(stream.state)) return;
    if (stream.ending) throw new UsageError('ILLEGAL_STREAM_STATE', `stream ${stream.id}: data after the end`);
    stream.state = sendStep(stream.state, StreamInputCode.sendData, stream.id);
    if (this.#waiting.size > 0 || this.#pumping) this.#enqueue(stream, chunk, 0);
    else {
      const at = this.#writeNow(stream, chunk, false);
      if (at < chunk.length) this.#enqueue(stream, chunk, at);
    }
    this.flush();
  }

  /** As {@link data} and {@link end} at once, for a body that is all there. */
  last(stream: Http2Stream, chunk: Uint8Array): void {
    if (isClosed(stream.state)) return;
    stream.state = sendStep(stream.state, StreamInputCode.sendData, stream.id);
    const at = this.#waiting.size > 0 || this.#pumping ? 0 : this.#writeNow(stream, chunk, true);
    if (at < chunk.length) {
      this.#enqueue(stream, chunk, at);
      stream.ending = true;
    } else this.#ended(stream);
    this.flush();
  }

  end(stream: Http2Stream, trailers: Fields | undefined): void {
    if (isClosed(stream.state) || stream.ending) return;
    sendStep(stream.state, StreamInputCode.sendEndStream, stream.id);
    if (stream.queued > 0) {
      stream.ending = true;
      stream.trailers = trailers;
    } else this.#finish(stream, trailers);
    this.flush();
  }

  reset(stream: Http2Stream, code: number): void {
    stream.state = sendStep(stream.state, StreamInputCode.sendReset, stream.id);
    this.output.reset(stream.id, code);
    this.flush();
  }

  /** The stream may send more. */
  credited(stream: Http2Stream): void {
    if (stream.queued > 0 && stream.sendable > 0) this.#scheduler.ready(stream.id);
  }

  reprioritize(stream: Http2Stream, priority: Priority): void {
    stream.priority = priority;
    this.#scheduler.reprioritize(stream.id, priority);
  }

  /** Lets go of what waits on a stream that is over: the owner has stopped by now. */
  drop(stream: Http2Stream): void {
    const { releases } = stream;
    if (this.#waiting.delete(stream.id)) this.#scheduler.remove(stream.id);
    stream.queue = undefined;
    stream.releases = undefined;
    stream.queued = 0;
    stream.ending = true;
    if (releases) for (const release of releases) release();
  }

  /** Everything that may leave leaves, unless input is being processed: then at the end of that. */
  flush(): void {
    if (this.busy || this.#pumping) return;
    this.output.flush();
    while (this.#pump()) this.output.flush();
  }

  /** Whether anything was written. */
  #pump(): boolean {
    const { output, window } = this;
    const before = output.unsent + output.written;
    this.#pumping = true;
    try {
      while (output.unsent < HIGH && window.available > 0) {
        const id = this.#scheduler.next();
        if (id === 0 || !this.#turn(this.#waiting.get(id) as Http2Stream)) break;
      }
    } finally {
      this.#pumping = false;
    }
    return output.unsent + output.written !== before;
  }

  /** One frame of a stream; false where the connection's window is too small for any. */
  #turn(stream: Http2Stream): boolean {
    const chunk = (stream.queue as Uint8Array[])[0] as Uint8Array;
    const to = stream.sent + this.#allowed(stream, chunk.length - stream.sent);
    if (to === stream.sent) {
      if (stream.sendable >= Math.min(QUANTUM, chunk.length - stream.sent)) return false;
      this.#scheduler.blocked(stream.id);
      return true;
    }
    const last = stream.ending && stream.trailers === undefined && to - stream.sent === stream.queued;
    this.#frame(stream, chunk, stream.sent, to, last);
    stream.queued -= to - stream.sent;
    stream.sent = to;
    if (to === chunk.length) this.#taken(stream, last);
    return true;
  }

  /** A chunk has gone whole: its source may bring the next. */
  #taken(stream: Http2Stream, last: boolean): void {
    const release = (stream.releases as (() => void)[]).shift();
    (stream.queue as Uint8Array[]).shift();
    stream.sent = 0;
    if (stream.queued === 0) {
      this.#waiting.delete(stream.id);
      this.#scheduler.remove(stream.id);
      if (last) this.#ended(stream);
      else if (stream.ending) this.#finish(stream, stream.trailers);
    }
    release?.();
  }

  /** As many frames as may leave at once; how far they go. */
  #writeNow(stream: Http2Stream, chunk: Uint8Array, last: boolean): number {
    const { length } = chunk;
    let at = 0;
    while (at < length && this.output.unsent < HIGH) {
      const to = at + this.#allowed(stream, length - at);
      if (to === at) break;
      this.#frame(stream, chunk, at, to, last && to === length);
      at = to;
    }
    return at;
  }

  /** How many of `wanted` bytes may leave now in one frame. */
  #allowed(stream: Http2Stream, wanted: number): number {
    const { available } = this.window;
    const bytes = Math.min(wanted, this.maxFrameSize, stream.sendable, available);
    if (bytes >= QUANTUM || bytes === wanted) return bytes;
    return bytes > 0 && stream.dribbles++ < MOST_DRIBBLES ? bytes : 0;
  }

  #frame(stream: Http2Stream, chunk: Uint8Array, from: number, to: number, endStream: boolean): void {
    const length = to - from;
    this.window.take(length);
    stream.sendable -= length;
    stream.written += length;
    this.dataFrames++;
    this.output.data(stream.id, chunk, from, to, endStream);
  }

  #enqueue(stream: Http2Stream, chunk: Uint8Array, at: number): void {
    if (stream.queued > 0 && stream.queued + chunk.length > this.#maxQueued && !isDelivering()) {
      throw new UsageError('SEND_OVERFLOW', `stream ${stream.id}: over ${this.#maxQueued} bytes wait to be sent`);
    }
    if (stream.queued === 0) {
      stream.sent = at;
      this.#waiting.set(stream.id, stream);
      this.#scheduler.add(stream.id, stream.priority);
    }
    stream.queued += chunk.length - at;
    (stream.queue ??= []).push(chunk);
    (stream.releases ??= []).push(hold());
    if (stream.sendable > 0) this.#scheduler.ready(stream.id);
  }

  #finish(stream: Http2Stream, trailers: Fields | undefined): void {
    if (trailers !== undefined && trailers.size > 0) {
      const block = this.encoder.encode(trailers, NO_PSEUDO);
      this.output.headers(stream.id, block, true, this.maxFrameSize);
    } else if (!this.output.endLast(stream.id)) {
      this.output.data(stream.id, NO_BYTES, 0, 0, true);
    }
    this.#ended(stream);
  }

  #ended(stream: Http2Stream): void {
    stream.state = sendStep(stream.state, StreamInputCode.sendEndStream, stream.id);
    if (isClosed(stream.state)) this.#hooks.sentLast(stream);
    stream.sink?.sent();
  }
}

const NO_BYTES = new Uint8Array(0);
const FIELD_OVERHEAD = 32;

/** @throws UsageError `HEADER_LIST_TOO_LARGE`: the peer has said that it takes less (RFC 9113 §6.5.2) */
function checkSize(fields: Fields | readonly string[], pseudo: readonly string[], most: number): void {
  let size = 0;
  const add = (name: string, value: string): void => {
    size += name.length + value.length + FIELD_OVERHEAD;
  };
  for (let i = 0; i < pseudo.length; i += 2) add(pseudo[i] as string, pseudo[i + 1] as string);
  if ('forEach' in fields && !Array.isArray(fields)) (fields as Fields).forEach(add);
  else
    for (let i = 0; i < (fields as string[]).length; i += 2)
      add((fields as string[])[i] as string, (fields as string[])[i + 1] as string);
  if (size > most) {
    throw new UsageError('HEADER_LIST_TOO_LARGE', `a header list of ${size} bytes, where the peer takes ${most}`);
  }
}
