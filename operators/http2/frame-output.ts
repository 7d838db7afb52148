/**
 * Frames as bytes, on their way to the sink: what is written while a chunk of input is being processed leaves in one write
 * or, where there are large payloads, in one corked row of writes.
 */
import { deliver } from '../core/deliver.js';
import { FRAME_HEADER_LENGTH, writeFrameHeader, writeUint32 } from './frame-header.js';
import { FrameFlag, FrameType } from './frame-type.js';
import type { SettingEntry } from './frames/settings-frame.js';
import { SETTING_LENGTH, writeSettingsPayload } from './frames/settings-frame.js';

/** What a connection writes to. */
export interface OutputSink {
  next(bytes: Uint8Array): void;
  cork(): void;
  uncork(): void;
  flush(): void;
}

/** So many header blocks do not wait for more: the peer has something to begin with while the rest is made. */
const ENOUGH_HEADS = 16;
/** Frames are put together in blocks of this; what is left of one after a write serves the next. Bytes. */
const BLOCK = 65_536;
/** A rest smaller than this is let go. Bytes. */
const LEAST = 8192;
/** Payloads up to here are copied behind their header; larger ones are written as they are. Bytes. */
const JOIN_LIMIT = 4096;
const MOST_SPARE = 4;
const FLAGS_OFFSET = 4;

/** Blocks nobody is writing into, for all connections. What was written is never written over. */
const spare: Block[] = [];

const NOTHING = new Uint8Array(0);
/** Node's native one; it has no type. */
const { latin1Write } = Buffer.prototype as unknown as {
  readonly latin1Write: (this: Uint8Array, text: string, at: number, length: number) => number;
};

interface Block {
  readonly bytes: Buffer;
  used: number;
}

export class FrameOutput {
  readonly #sink: OutputSink;
  readonly #drained: () => void;
  #block: Block | undefined = undefined;
  /** Where in the block that begins which is not in {@link #pieces}. */
  #from = 0;
  #pieces: Uint8Array[] | undefined = undefined;
  #queued = 0;
  #heads = 0;
  #unsent = 0;
  #written = 0;
  #flushing = false;
  /** The stream of the DATA frame written last, if nothing came behind it, and where the flags of that are. */
  #lastData = 0;
  #lastFlags: Uint8Array = NOTHING;
  readonly #gone = (bytes: Uint8Array): void => {
    this.#unsent -= bytes.length;
    if (!this.#flushing) this.#drained();
  };

  /** @param drained called when the sink has let go of something, not while something is being written. */
  constructor(sink: OutputSink, drained: () => void) {
    this.#sink = sink;
    this.#drained = drained;
  }

  /** Bytes that are here or that the sink still holds. */
  get unsent(): number {
    return this.#unsent + this.#queued;
  }

  /** Bytes given to the sink so far. */
  get written(): number {
    return this.#written;
  }

  /** A header block in HEADERS or PUSH_PROMISE, and as many CONTINUATIONs as it needs. @param promised 0 for HEADERS */
  headers(streamId: number, block: Uint8Array, endStream: boolean, maxFrameSize: number, promised = 0): void {
    this.#heads++;
    const prefix = promised === 0 ? 0 : 4;
    const type = promised === 0 ? FrameType.HEADERS : FrameType.PUSH_PROMISE;
    const most = maxFrameSize - prefix;
    const { length } = block;
    const first = length > most ? most : length;
    const flags = (endStream ? FrameFlag.END_STREAM : 0) | (length > most ? 0 : FrameFlag.END_HEADERS);
    let at = this.#header(first + prefix, type, flags, streamId);
    if (promised !== 0) at = writeUint32(this.#bytes, at, promised);
    this.#copy(block, 0, first, at);
    for (let from = first; from < length; from += maxFrameSize) {
      const to = Math.min(length, from + maxFrameSize);
      const end = to === length ? FrameFlag.END_HEADERS : 0;
      this.#copy(block, from, to, this.#header(to - from, FrameType.CONTINUATION, end, streamId));
    }
  }

  /** Bytes `from` to `to` of a chunk as one DATA frame. The chunk is no longer its owner's. */
  data(streamId: number, chunk: Uint8Array, from: number, to: number, endStream: boolean): void {
    const length = to - from;
    const flags = endStream ? FrameFlag.END_STREAM : 0;
    const joined = length <= JOIN_LIMIT;
    const at = this.#header(joined ? length : 0, FrameType.DATA, flags, streamId, length);
    this.#lastData = streamId;
    this.#lastFlags = this.#bytes.subarray(at - FRAME_HEADER_LENGTH + FLAGS_OFFSET, at);
    if (joined) return this.#copy(chunk, from, to, at);
    this.#seal();
    (this.#pieces ??= []).push(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to));
    this.#queued += length;
  }

  /** Makes the DATA frame written last the end of its stream, if it is of that stream and still here; whether it was. */
  endLast(streamId: number): boolean {
    if (this.#lastData !== streamId) return false;
    this.#lastData = 0;
    this.#lastFlags[0] = FrameFlag.END_STREAM;
    return true;
  }

  /** ASCII text as the one DATA frame that ends its stream. */
  text(streamId: number, text: string): void {
    const { length } = text;
    const at = this.#header(length, FrameType.DATA, FrameFlag.END_STREAM, streamId);
    latin1Write.call(this.#bytes, text, at, length);
  }

  reset(streamId: number, code: number): void {
    const at = this.#header(4, FrameType.RST_STREAM, 0, streamId);
    writeUint32(this.#bytes, at, code);
  }

  windowUpdate(streamId: number, increment: number): void {
    const at = this.#header(4, FrameType.WINDOW_UPDATE, 0, streamId);
    writeUint32(this.#bytes, at, increment);
  }

  settings(entries: readonly SettingEntry[], ack = false): void {
    const frame = { type: FrameType.SETTINGS, flags: ack ? FrameFlag.ACK : 0, streamId: 0, entries } as const;
    const at = this.#header(entries.length * SETTING_LENGTH, frame.type, frame.flags, 0);
    writeSettingsPayload(frame, this.#bytes, at);
  }

  ping(payload: Uint8Array, ack: boolean): void {
    this.#copy(payload, 0, 8, this.#header(8, FrameType.PING, ack ? FrameFlag.ACK : 0, 0));
  }

  goaway(lastStreamId: number, code: number, debugData: Uint8Array): void {
    let at = this.#header(8 + debugData.length, FrameType.GOAWAY, 0, 0);
    at = writeUint32(this.#bytes, at, lastStreamId);
    at = writeUint32(this.#bytes, at, code);
    this.#copy(debugData, 0, debugData.length, at);
  }

  /** Bytes that are frames already, or the client preface. */
  raw(bytes: Uint8Array): void {
    this.#copy(bytes, 0, bytes.length, this.#reserve(bytes.length));
  }

  /** Gives everything to the sink. */
  flush(): void {
    if (this.#queued === 0 || this.#flushing) return;
    this.#flushing = true;
    try {
      while (this.#queued > 0) this.#flushOnce();
    } finally {
      this.#flushing = false;
    }
  }

  /**
   * Gives everything to the sink, to be written at once, if it is enough for the peer to begin with; for use while there is
   * more to be made. On two cores the two sides then work at the same time, where they would take turns.
   */
  flushEnough(): void {
    if (this.#heads < ENOUGH_HEADS) return;
    this.flush();
    this.#sink.flush();
  }

  /** Drops what is queued. */
  clear(): void {
    this.#seal();
    this.#pieces = undefined;
    this.#queued = this.#heads = 0;
    this.#lastData = 0;
    this.#return();
  }

  #flushOnce(): void {
    this.#seal();
    const pieces = this.#pieces as Uint8Array[];
    this.#pieces = undefined;
    this.#queued = this.#heads = 0;
    this.#lastData = 0;
    this.#return();
    if (pieces.length === 1) return this.#write(pieces[0] as Uint8Array);
    this.#sink.cork();
    try {
      for (const piece of pieces) this.#write(piece);
    } finally {
      this.#sink.uncork();
    }
  }

  #write(bytes: Uint8Array): void {
    this.#unsent += bytes.length;
    this.#written += bytes.length;
    deliver(this.#sink, bytes, this.#gone);
  }

  get #bytes(): Buffer {
    return (this.#block as Block).bytes;
  }

  /**
   * Writes a frame header and makes room for `room` bytes of payload behind it; returns the offset of that.
   *
   * @param length what the header announces, where that is not what comes into the block
   */
  #header(room: number, type: number, flags: number, streamId: number, length = room): number {
    const at = this.#reserve(FRAME_HEADER_LENGTH + room);
    return writeFrameHeader(this.#bytes, at, length, type, flags, streamId);
  }

  #reserve(length: number): number {
    this.#lastData = 0;
    let block = this.#block;
    if (block === undefined || block.used + length > BLOCK) {
      this.#seal();
      this.#return();
      block = this.#borrow(length);
    }
    const at = block.used;
    block.used += length;
    this.#queued += length;
    return at;
  }

  #copy(chunk: Uint8Array, from: number, to: number, at: number): void {
    const bytes = this.#bytes;
    if (to - from > 32) {
      bytes.set(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to), at);
      return;
    }
    for (let i = from; i < to; i++) bytes[at++] = chunk[i] as number;
  }

  /** What has been put together becomes a piece. */
  #seal(): void {
    const block = this.#block;
    if (block === undefined || block.used === this.#from) return;
    (this.#pieces ??= []).push(block.bytes.subarray(this.#from, block.used));
    this.#from = block.used;
  }

  #borrow(least: number): Block {
    let block = least > LEAST ? undefined : spare.pop();
    block ??= { bytes: Buffer.allocUnsafeSlow(Math.max(least, BLOCK)), used: 0 };
    this.#from = block.used;
    this.#block = block;
    return block;
  }

  /** The block serves whoever writes next, if there is something left of it. */
  #return(): void {
    const block = this.#block;
    this.#block = undefined;
    if (block !== undefined && block.used + LEAST <= BLOCK && spare.length < MOST_SPARE) spare.push(block);
  }
}
