/**
 * Frames as bytes, on their way to the sink: what is written while a chunk of input is being processed leaves in one write
 * or, where there are large payloads, in one corked row of writes.
 */
import { relay } from '../core/deliver.js';
import { giveFrameMemory, takeFrameMemory } from './frame-memory.js';
import { frameHeaderLength, writeFrameHeader } from './frame-header.js';
import { maskInPlace, maskInto } from './mask.js';

/** What a connection writes to. */
export interface OutputSink {
  /** All that was sent has left, and nobody reads its memory any more. */
  readonly settled?: boolean | undefined;
  next(bytes: Uint8Array): void;
  cork(): void;
  uncork(): void;
}

/** Small frames are put together in blocks of this, shared by all connections and never written over. Bytes. */
const BLOCK = 65_536;
/** Up to here a frame is joined to the others; above, it is a piece of its own. Bytes. */
const JOIN_LIMIT = 8192;
/** From here on what is queued leaves before the turn is over. Bytes. */
const FLUSH_AT = 65_536;
/** Text of so many characters fits into {@link JOIN_LIMIT}, whatever they are. */
const SHORT_TEXT = Math.floor((JOIN_LIMIT - 16) / 3);

type Utf8Write = (text: string, at: number, length: number) => number;
/** Node's own: writes as many characters as fit, and says how many bytes those were. */
const { utf8Write } = Buffer.prototype as unknown as Readonly<Record<'utf8Write', Utf8Write>>;

let block = Buffer.allocUnsafeSlow(0);
let used = 0;
/** Whose frames are at the end of the block, not yet written. */
let writer: WebSocketOutput | undefined;

function claimBlock(output: WebSocketOutput): void {
  writer = output;
}

export class WebSocketOutput {
  readonly #sink: OutputSink;
  readonly #mask: (() => number) | undefined;
  readonly #drained: () => void;
  #from = 0;
  #pieces: Uint8Array[] | undefined = undefined;
  /** Frames whose memory is ours: masked copies, which have not all left. */
  #lent: Buffer[] | undefined = undefined;
  #queued = 0;
  #unsent = 0;
  #writing = false;
  readonly #gone = (bytes: Uint8Array): void => {
    this.#unsent -= bytes.length;
    if (this.#unsent > 0 || this.#writing) return;
    this.#reclaim();
    this.#drained();
  };

  /**
   * @param mask for a client: a key for each frame
   * @param drained called when the sink has let go of the last byte, not while something is being written
   */
  constructor(sink: OutputSink, mask: (() => number) | undefined, drained: () => void) {
    this.#sink = sink;
    this.#mask = mask;
    this.#drained = drained;
  }

  /** Bytes that wait for {@link flush}. */
  get queued(): number {
    return this.#queued;
  }

  /** Bytes handed to the sink that it still holds. */
  get unsent(): number {
    return this.#unsent;
  }

  /** So much is queued that it should not wait for the end of the turn. */
  get full(): boolean {
    return this.#queued >= FLUSH_AT;
  }

  /** A frame of text. @param first the first byte of its header */
  text(first: number, text: string): void {
    const most = text.length * 3;
    if (text.length > SHORT_TEXT) return this.#longText(first, text);
    const masked = this.#mask !== undefined;
    const at = this.#reserve(8 + most);
    // The length is known once it is written; the header of the likely length is left free in front.
    let start = at + frameHeaderLength(text.length, masked);
    const length = most === 0 ? 0 : utf8Write.call(block, text, start, most);
    const header = frameHeaderLength(length, masked);
    if (at + header !== start) {
      block.copyWithin(at + header, start, start + length);
      start = at + header;
    }
    this.#finish(at, first, start, length);
  }

  /** A frame of bytes. They are not copied if they are many and not masked: leave them as they are until they have gone. */
  binary(first: number, bytes: Uint8Array): void {
    const { length } = bytes;
    const masked = this.#mask !== undefined;
    const header = frameHeaderLength(length, masked);
    if (header + length <= JOIN_LIMIT) {
      const at = this.#reserve(header + length);
      block.set(bytes, at + header);
      this.#finish(at, first, at + header, length);
    } else if (this.#mask !== undefined) {
      const frame = takeFrameMemory(header + length);
      const mask = this.#mask();
      writeFrameHeader(frame, 0, first, length, true, mask);
      maskInto(bytes, 0, length, frame, header, mask);
      (this.#lent ??= []).push(frame);
      this.#piece(frame.length === header + length ? frame : frame.subarray(0, header + length));
    } else {
      used = writeFrameHeader(block, this.#reserve(header), first, length, false, 0);
      this.#queued += header;
      this.#piece(bytes);
    }
  }

  /** Writes what is queued; a delivery on the stack is held until it has gone. */
  flush(): void {
    if (this.#queued === 0) return;
    this.#queued = 0;
    if (this.#pieces === undefined) {
      writer = undefined;
      this.#write(block.subarray(this.#from, used));
      return;
    }
    this.#spill();
    const pieces = this.#pieces;
    this.#pieces = undefined;
    if (pieces.length === 1) this.#write(pieces[0] as Uint8Array);
    else {
      this.#sink.cork();
      try {
        for (let i = 0; i < pieces.length; i++) this.#write(pieces[i] as Uint8Array);
      } finally {
        this.#sink.uncork();
      }
    }
    if (this.#lent !== undefined && this.#unsent === 0) this.#reclaim();
  }

  /** Drops what is queued. */
  drop(): void {
    this.#lent = undefined; // some of it may still be on its way
    if (writer === this) writer = undefined;
    this.#pieces = undefined;
    this.#queued = 0;
  }

  /** Masked copies are used again once the sink says that they have left; else they are left to the collector. */
  #reclaim(): void {
    const lent = this.#lent;
    if (lent === undefined || this.#queued > 0) return;
    this.#lent = undefined;
    if (this.#sink.settled === true) for (const frame of lent) giveFrameMemory(frame);
  }

  /** Written as if all of it were ASCII; counted only if it was not, since that takes longer than to write it. */
  #longText(first: number, text: string): void {
    const masked = this.#mask !== undefined;
    const likely = frameHeaderLength(text.length, masked);
    // With four bytes to spare, as many bytes as characters are written only where each is one byte.
    let frame = Buffer.allocUnsafeSlow(likely + text.length + 4);
    let length = utf8Write.call(frame, text, likely, text.length + 4);
    let header = likely;
    if (length === text.length) frame = frame.subarray(0, header + length);
    else {
      length = Buffer.byteLength(text, 'utf8');
      header = frameHeaderLength(length, masked);
      frame = Buffer.allocUnsafeSlow(header + length);
      utf8Write.call(frame, text, header, length);
    }
    const mask = this.#mask === undefined ? 0 : this.#mask();
    writeFrameHeader(frame, 0, first, length, masked, mask);
    if (masked) maskInPlace(frame, header, header + length, mask);
    this.#piece(frame);
  }

  /** The header of a frame whose payload is in the block, and its mask. */
  #finish(at: number, first: number, start: number, length: number): void {
    if (this.#mask === undefined) writeFrameHeader(block, at, first, length, false, 0);
    else {
      const mask = this.#mask();
      writeFrameHeader(block, at, first, length, true, mask);
      maskInPlace(block, start, start + length, mask);
    }
    used = start + length;
    this.#queued += used - at;
  }

  /** Room for so many bytes at the end of the block, behind what this connection has there; where it begins. */
  #reserve(length: number): number {
    if (writer !== this) {
      if (writer !== undefined) writer.#spill();
      claimBlock(this);
      this.#from = used;
    }
    if (used + length > block.length) {
      this.#spill();
      block = Buffer.allocUnsafeSlow(BLOCK);
      used = this.#from = 0;
      claimBlock(this);
    }
    return used;
  }

  #piece(bytes: Uint8Array): void {
    if (writer === this) this.#spill();
    (this.#pieces ??= []).push(bytes);
    this.#queued += bytes.length;
  }

  /** Puts what is at the end of the block among the pieces. */
  #spill(): void {
    if (writer !== this) return;
    writer = undefined;
    if (used > this.#from) (this.#pieces ??= []).push(block.subarray(this.#from, used));
  }

  #write(bytes: Uint8Array): void {
    const nested = this.#writing;
    this.#unsent += bytes.length;
    this.#writing = true;
    try {
      relay(this.#sink, bytes, this.#gone);
    } finally {
      this.#writing = nested;
    }
  }
}
