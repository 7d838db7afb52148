/**
 * The pull engine of inbound frames (RFC 6455 §5): bytes are pushed, pieces of frames are read one at a time.
 *
 * A piece is a whole frame, or of a data frame that runs over the border of two chunks the part that is there. All that a
 * header tells is checked before a byte of its payload is looked at: reserved bits and opcodes, the rules for control
 * frames, the mask, the order of fragments, and the limits of the message. Control frames are always whole.
 *
 * Nothing is allocated per frame: the last piece read is described by the fields of the decoder.
 */
import type { ProtocolError } from '../core/protocol-error.js';
import { MAX_FRAGMENTS, MAX_MESSAGE_SIZE, type WebSocketDecoderOptions } from './decoder-options.js';
import { frameFault } from './frame-fault.js';
import {
  FIN,
  MAX_CONTROL_PAYLOAD,
  MAX_HEADER_LENGTH,
  readFrameLength,
  readMask,
  receivedHeaderLength,
  RSV1,
} from './frame-header.js';
import { maskInPlace, maskInto, rotateMask, unmaskAscii } from './mask.js';
import { WebSocketOpcode } from './opcode.js';
import { frameError, messageTooLarge, tooManyFragments, truncatedInput } from './websocket-error.js';

/** Up to here unmasking also finds out whether the payload is ASCII. Bytes. */
const SHORT = 128;

const EMPTY = new Uint8Array(0);

export class WebSocketDecoder {
  /** Of the frame that {@link read} found last: its opcode, flags, and the length of its payload. */
  opcode = 0;
  fin = false;
  rsv1 = false;
  length = 0;
  /** The piece is the first, the last of its frame. */
  first = false;
  last = false;
  /** The piece: bytes `start` to `end`. They are unmasked, unless `mask` is not 0: see {@link unmask}. */
  bytes: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  mask = 0;
  /** The piece is known to be ASCII. */
  ascii = false;

  readonly #masked: boolean;
  readonly #inPlace: boolean;
  readonly #compressed: boolean;
  readonly #maxMessageSize: number;
  readonly #maxFragments: number;
  #chunk: Uint8Array = EMPTY;
  #at = 0;
  /** The payload of a whole frame lies in the chunk: somebody may have a view of it. */
  #seen = false;
  #waiting: Uint8Array[] | undefined = undefined;
  /** A header, or behind it a control payload, that runs over a border; how much of it is there. */
  #joined: Uint8Array | undefined = undefined;
  #joinedLength = 0;
  /** Inside a frame: its mask, and the bytes of its payload that have not been read. */
  #mask = 0;
  #missing = 0;
  #inFrame = false;
  /** Inside a message, between its first frame and its last: bytes and frames so far, and whether it is compressed. */
  #inMessage = false;
  #messageLength = 0;
  #fragments = 0;
  #messageLimit = 0;
  #closed = false;
  #error: ProtocolError | undefined = undefined;

  constructor(options: WebSocketDecoderOptions) {
    this.#masked = options.role === 'server';
    this.#inPlace = options.inPlace ?? false;
    this.#compressed = options.compressed ?? false;
    this.#maxMessageSize = options.maxMessageSize ?? MAX_MESSAGE_SIZE[options.role];
    this.#maxFragments = options.maxFragments ?? MAX_FRAGMENTS;
  }

  /** Whether there are bytes that {@link read} has not looked at. */
  get pending(): boolean {
    return this.#at < this.#chunk.length || this.#waiting !== undefined;
  }

  /** The limit that messages are held to. Bytes. */
  get maxMessageSize(): number {
    return this.#maxMessageSize;
  }

  /**
   * The chunk that holds the piece may be written to, all over: whatever else was in it has been copied out. With compression zlib may still
   * read what was.
   */
  get spare(): boolean {
    return this.#inPlace && this.#masked && !this.#compressed && !this.#seen;
  }

  /** Adds input. The chunk is kept, not copied. What comes after a Close frame is dropped. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0 || this.#closed) return;
    if (this.#at === this.#chunk.length && this.#waiting === undefined) {
      this.#chunk = chunk;
      this.#at = 0;
      this.#seen = false;
    } else (this.#waiting ??= []).push(chunk);
  }

  /**
   * Whether there is a piece, then in the fields. After a Close frame there is none any more.
   *
   * @throws ProtocolError `BAD_FRAME`, `BAD_MASK`, `BAD_FRAGMENT`, `MESSAGE_TOO_LARGE`, `FRAGMENT_LIMIT`; the same for ever
   */
  read(): boolean {
    while (this.#at < this.#chunk.length || this.#load()) {
      if (this.#inFrame ? this.#piece(false) : this.#readFrame()) return true;
    }
    if (this.#error !== undefined) throw this.#error;
    return false;
  }

  /** Unmasks a piece that was left masked, where it lies. */
  unmask(): void {
    if (this.mask !== 0) maskInPlace(this.bytes, this.start, this.end, this.mask);
    this.mask = 0;
  }

  /** Call when the input has ended. @throws ProtocolError `TRUNCATED_FRAME` inside a frame or a message */
  finish(): void {
    if (this.#error !== undefined) throw this.#error;
    if (this.#closed) return;
    if (this.#inFrame || this.#joined !== undefined) throw (this.#error = truncatedInput('a frame'));
    if (this.#inMessage) throw (this.#error = truncatedInput('a message'));
  }

  /** Drops all input, now and from now on. */
  close(): void {
    this.#closed = true;
    this.#chunk = EMPTY;
    this.#at = 0;
    this.#waiting = this.#joined = undefined;
  }

  #load(): boolean {
    const waiting = this.#waiting;
    this.#at = 0;
    this.#seen = false;
    this.#chunk = EMPTY;
    if (waiting === undefined) return false;
    this.#chunk = waiting.shift() as Uint8Array;
    if (waiting.length === 0) this.#waiting = undefined;
    return true;
  }

  #fail(error: ProtocolError): never {
    this.#error = error;
    this.close();
    throw error;
  }

  /** Reads from the start of a frame; false where more bytes are needed. */
  #readFrame(): boolean {
    const joined = this.#joined;
    if (joined !== undefined) return this.#join(joined);
    const chunk = this.#chunk;
    const at = this.#at;
    const available = chunk.length - at;
    if (available < 2) return this.#startJoin();
    const header = receivedHeaderLength(chunk[at + 1] as number);
    if (available < header) return this.#startJoin();
    this.#readHeader(chunk, at, header);
    this.#at = at + header;
    if (this.opcode >= WebSocketOpcode.CLOSE && available - header < this.length) {
      // A control frame over the border: its payload is joined behind its header.
      this.#at = at;
      return this.#startJoin();
    }
    return this.#begin();
  }

  #startJoin(): boolean {
    this.#joined = new Uint8Array(MAX_HEADER_LENGTH + MAX_CONTROL_PAYLOAD);
    this.#joinedLength = 0;
    return this.#join(this.#joined);
  }

  #join(joined: Uint8Array): boolean {
    if (!this.#take(joined, 2)) return false;
    const header = receivedHeaderLength(joined[1] as number);
    if (!this.#take(joined, header)) return false;
    this.#readHeader(joined, 0, header);
    if (this.opcode < WebSocketOpcode.CLOSE) {
      this.#joined = undefined;
      return this.#begin();
    }
    if (!this.#take(joined, header + this.length)) return false;
    this.#joined = undefined;
    return this.#control(joined, header);
  }

  /** Fills the joined header up to `length` bytes; whether it has them. */
  #take(joined: Uint8Array, length: number): boolean {
    const chunk = this.#chunk;
    while (this.#joinedLength < length && this.#at < chunk.length) {
      joined[this.#joinedLength++] = chunk[this.#at++] as number;
    }
    return this.#joinedLength >= length;
  }

  /** Checks a header and sets the fields of the frame by it. */
  #readHeader(bytes: Uint8Array, at: number, header: number): void {
    const first = bytes[at] as number;
    const length = readFrameLength(bytes, at);
    const fault = frameFault(first, bytes[at + 1] as number, length, this.#masked, this.#compressed);
    if (fault !== undefined) this.#fail(fault);
    this.opcode = first & 0xf;
    this.fin = (first & FIN) !== 0;
    this.rsv1 = (first & RSV1) !== 0;
    this.length = length;
    if (this.#masked) this.#mask = readMask(bytes, at + header - 4);
  }

  /** The frame begins: what it does to its message, and its first piece if that is there. */
  #begin(): boolean {
    if (this.opcode >= WebSocketOpcode.CLOSE) {
      const start = this.#at;
      this.#at += this.length;
      return this.#control(this.#chunk, start);
    }
    this.#count();
    this.#missing = this.length;
    return this.#piece(true);
  }

  #control(bytes: Uint8Array, start: number): boolean {
    this.first = this.last = true;
    this.#found(bytes, start, start + this.length);
    if (this.#masked && this.length > 0) this.#unmask(bytes, start, this.end, 0);
    if (this.opcode === WebSocketOpcode.CLOSE) this.close();
    return true;
  }

  /** Holds a data frame to the order of fragments and the limits of its message. */
  #count(): void {
    if ((this.opcode === WebSocketOpcode.CONTINUATION) !== this.#inMessage) {
      const what = this.#inMessage ? 'a message begins inside another' : 'a continuation of nothing';
      this.#fail(frameError('BAD_FRAGMENT', what));
    }
    if (!this.#inMessage) {
      this.#messageLength = this.#fragments = 0;
      const most = this.#maxMessageSize;
      this.#messageLimit = this.rsv1 ? most + Math.ceil(most / 1024) + 64 : most; // what does not shrink may grow a little
    }
    this.#messageLength += this.length;
    if (this.#messageLength > this.#messageLimit) this.#fail(messageTooLarge(this.#maxMessageSize));
    if (++this.#fragments > this.#maxFragments) this.#fail(tooManyFragments(this.#maxFragments));
    this.#inMessage = !this.fin;
  }

  /** What the chunk has of a data frame. */
  #piece(first: boolean): boolean {
    const chunk = this.#chunk;
    const start = this.#at;
    const missing = this.#missing;
    const available = chunk.length - start;
    const taken = missing < available ? missing : available;
    const end = start + taken;
    const last = taken === missing;
    this.#at = end;
    this.#missing = missing - taken;
    this.#inFrame = !last;
    this.first = first;
    this.last = last;
    if (taken === this.length) this.#seen = true;
    this.#found(chunk, start, end);
    if (this.#masked && taken > 0) this.#unmask(chunk, start, end, this.length - missing);
    return true;
  }

  #found(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.ascii = false;
    this.mask = 0;
  }

  #unmask(chunk: Uint8Array, start: number, end: number, phase: number): void {
    if (!this.#inPlace) {
      const copy = new Uint8Array(end - start);
      maskInto(chunk, start, end, copy, 0, this.#mask, phase);
      this.#found(copy, 0, copy.length);
    } else if (!this.first || !this.last) this.mask = rotateMask(this.#mask, phase);
    else if (end - start <= SHORT) this.ascii = unmaskAscii(chunk, start, end, this.#mask);
    else maskInPlace(chunk, start, end, this.#mask);
  }
}
