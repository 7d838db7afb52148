/**
 * The pull engine under `decodeFrames`: bytes are pushed, frames are read one at a time.
 *
 * A frame that lies within one chunk is parsed in place, its payload a view of the chunk. One that runs over a border is
 * joined: header in a scratch of nine bytes, payload in an array of exactly its size, allocated once the length has been
 * found legal.
 */
import { type Frame, parseFrame } from './frame.js';
import { FRAME_HEADER_LENGTH, readFrameFlags, readFrameType, readPayloadLength, readStreamId } from './frame-header.js';
import { FrameFlag, FrameType, frameTypeName } from './frame-type.js';
import { SETTING_LENGTH } from './frames/settings-frame.js';
import { calmError, connectionError, truncated } from './http2-error.js';
import { PrefaceReader } from './preface.js';

/** Which side reads: a server reads what a client sent. */
export type Http2Role = 'server' | 'client';

export interface FrameDecoderOptions {
  readonly role: Http2Role;
  /**
   * The input is a connection from its start: a server first expects the client preface, and either side that the first
   * frame is a SETTINGS frame. True by default.
   */
  readonly preface?: boolean;
  /** The longest payload: SETTINGS_MAX_FRAME_SIZE as we announced it. 16 384 bytes by default. */
  readonly maxFrameSize?: number;
  /**
   * A DATA frame that runs over a border of chunks comes in pieces, each a DATA frame of its own and a view, with END_STREAM
   * on the last. False by default: then it is joined, as other frames are. May be changed between chunks.
   */
  readonly splitData?: boolean;
  /** Entries in one SETTINGS frame; 32 by default. */
  readonly maxSettings?: number;
  /** Nothing is refused: a frame that would end the connection is a `MALFORMED` one, too. For those who only watch. */
  readonly lenient?: boolean;
}

/** The payload every peer takes, and the default of SETTINGS_MAX_FRAME_SIZE. Bytes. */
export const DEFAULT_MAX_FRAME_SIZE = 16_384;
/** The default of `maxSettings`. */
const DEFAULT_MAX_SETTINGS = 32;

const EMPTY = new Uint8Array(0);

/** Reads frames. Once it has thrown it throws the same error for ever. */
export class FrameDecoder {
  /** May be changed between frames. Bytes. */
  maxFrameSize: number;
  splitData: boolean;
  readonly #maxSettings: number;
  readonly #role: Http2Role;
  #preface: PrefaceReader | undefined;
  #first: boolean;
  readonly #lenient: boolean;
  #chunk: Uint8Array = EMPTY;
  #at = 0;
  #waiting: Uint8Array[] = [];
  readonly #header = new Uint8Array(FRAME_HEADER_LENGTH);
  /** Bytes of the joined header and payload that are there. */
  #joined = 0;
  #payload: Uint8Array | undefined;
  /** Bytes to come of a DATA frame whose beginning has been given out, its stream, and its flags. */
  #dataLeft = 0;
  #dataStream = 0;
  #dataFlags = 0;
  #error: unknown;
  #frame: Frame | undefined;

  constructor(options: FrameDecoderOptions) {
    const { role, preface = true, maxFrameSize = DEFAULT_MAX_FRAME_SIZE, maxSettings = DEFAULT_MAX_SETTINGS } = options;
    this.maxFrameSize = maxFrameSize;
    this.splitData = options.splitData === true;
    this.#maxSettings = maxSettings;
    this.#role = role;
    this.#first = preface;
    this.#lenient = options.lenient === true;
    this.#preface = preface && role === 'server' ? new PrefaceReader() : undefined;
  }

  /** The frame that {@link read} found last. */
  get frame(): Frame {
    return this.#frame as Frame;
  }

  /** Part of a frame is there. */
  get partial(): boolean {
    return this.#joined > 0 || this.#dataLeft > 0;
  }

  /** Adds input. The chunk is kept, not copied. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.#at === this.#chunk.length && this.#waiting.length === 0) {
      this.#chunk = chunk;
      this.#at = 0;
    } else this.#waiting.push(chunk);
  }

  /**
   * Whether there is a whole frame, then in {@link frame}.
   *
   * @throws ProtocolError of scope `connection`
   */
  read(): boolean {
    if (this.#error !== undefined) throw this.#error;
    try {
      while (this.#load()) {
        if (this.#preface !== undefined) this.#readPreface(this.#preface);
        else if (this.#dataLeft > 0) return this.#readData();
        else if (this.#joined > 0 ? this.#join() : this.#readInPlace()) return true;
      }
      return false;
    } catch (error) {
      this.#error = error;
      this.#frame = undefined;
      this.takeRest();
      throw error;
    }
  }

  /** Call when the input has ended. @throws ProtocolError connection `TRUNCATED_FRAME` inside a frame or the preface */
  finish(): void {
    if (this.#error !== undefined) throw this.#error;
    if (this.#joined > 0 || this.#dataLeft > 0) throw (this.#error = truncated('a frame'));
    if (this.#preface !== undefined && this.#preface.matched > 0) throw (this.#error = truncated('the client preface'));
  }

  /** Takes out everything unread behind the last whole frame, or part of one. */
  takeRest(): Uint8Array[] {
    const rest: Uint8Array[] = [];
    const { length } = this.#header;
    if (this.#joined > 0) rest.push(this.#header.slice(0, Math.min(this.#joined, length)));
    if (this.#payload !== undefined && this.#joined > length)
      rest.push(this.#payload.subarray(0, this.#joined - length));
    if (this.#at < this.#chunk.length) rest.push(this.#chunk.subarray(this.#at));
    rest.push(...this.#waiting);
    this.#chunk = EMPTY;
    this.#waiting = [];
    this.#payload = undefined;
    this.#at = this.#joined = 0;
    return rest;
  }

  /** Whether the current chunk has an unread byte, after moving on to the next one if need be. */
  #load(): boolean {
    if (this.#at < this.#chunk.length) return true;
    this.#chunk = this.#waiting.shift() ?? EMPTY;
    this.#at = 0;
    return this.#chunk.length > 0;
  }

  #readPreface(preface: PrefaceReader): void {
    this.#at = preface.read(this.#chunk, this.#at);
    if (preface.done) this.#preface = undefined;
  }

  /** Parses a frame where it lies; starts to join one that is not all there. */
  #readInPlace(): boolean {
    const chunk = this.#chunk;
    const at = this.#at;
    const start = at + FRAME_HEADER_LENGTH;
    if (start > chunk.length) {
      this.#joinFrom(chunk.length);
      return false;
    }
    const end = start + this.#checkedLength(chunk, at);
    if (end > chunk.length) {
      if (this.splitData && this.#mayBeSplit(chunk, at) && start < chunk.length) {
        this.#dataLeft = end - start;
        this.#dataStream = readStreamId(chunk, at);
        this.#dataFlags = readFrameFlags(chunk, at);
        this.#at = start;
        return this.#readData();
      }
      this.#joinFrom(start);
      this.#payload = new Uint8Array(end - start);
      return this.#join();
    }
    this.#at = end;
    this.#parse(chunk, at, chunk, start, end);
    return true;
  }

  /** DATA without padding, on a stream: what is wrong with any other is found when it is whole. */
  #mayBeSplit(chunk: Uint8Array, at: number): boolean {
    if (readFrameType(chunk, at) !== FrameType.DATA || readStreamId(chunk, at) === 0) return false;
    return (readFrameFlags(chunk, at) & FrameFlag.PADDED) === 0;
  }

  /** As much of a DATA frame as there is. */
  #readData(): boolean {
    const from = this.#at;
    const to = Math.min(this.#chunk.length, from + this.#dataLeft);
    this.#at = to;
    this.#dataLeft -= to - from;
    this.#frame = {
      type: FrameType.DATA,
      flags: this.#dataLeft > 0 ? this.#dataFlags & ~FrameFlag.END_STREAM : this.#dataFlags,
      streamId: this.#dataStream,
      data: this.#chunk.subarray(from, to),
      padLength: 0,
    };
    return true;
  }

  #joinFrom(end: number): void {
    this.#header.set(this.#chunk.subarray(this.#at, end));
    this.#joined = end - this.#at;
    this.#at = end;
  }

  /** Adds what the chunk has to the joined frame, and parses that when it is whole. */
  #join(): boolean {
    const header = this.#header;
    while (this.#joined < FRAME_HEADER_LENGTH && this.#at < this.#chunk.length) {
      header[this.#joined++] = this.#chunk[this.#at++] as number;
    }
    if (this.#joined < FRAME_HEADER_LENGTH) return false;
    const payload = (this.#payload ??= new Uint8Array(this.#checkedLength(header, 0)));
    const filled = this.#joined - FRAME_HEADER_LENGTH;
    const end = Math.min(this.#chunk.length, this.#at + payload.length - filled);
    if (end > this.#at) payload.set(this.#chunk.subarray(this.#at, end), filled);
    this.#joined += end - this.#at;
    this.#at = end;
    if (this.#joined < FRAME_HEADER_LENGTH + payload.length) return false;
    this.#joined = 0;
    this.#payload = undefined;
    this.#parse(header, 0, payload, 0, payload.length);
    return true;
  }

  /** The payload length of a header, once all that can be told from the header alone is found legal. */
  #checkedLength(header: Uint8Array, at: number): number {
    const length = readPayloadLength(header, at);
    const type = readFrameType(header, at);
    if (this.#lenient) return length;
    if (this.#first) this.#checkFirst(type, readFrameFlags(header, at));
    if (length > this.maxFrameSize) {
      throw connectionError('FRAME_SIZE_ERROR', `a payload of ${length} bytes, over ${this.maxFrameSize}`);
    }
    if (type === FrameType.SETTINGS && length > this.#maxSettings * SETTING_LENGTH) {
      throw calmError('maxSettings', `a SETTINGS frame of over ${this.#maxSettings} entries`);
    }
    if (type === (this.#role === 'server' ? FrameType.PUSH_PROMISE : FrameType.PRIORITY_UPDATE)) {
      throw connectionError(
        'PROTOCOL_ERROR',
        `${frameTypeName(type)} from a ${this.#role === 'server' ? 'client' : 'server'}`,
      );
    }
    return length;
  }

  #checkFirst(type: number, flags: number): void {
    this.#first = false;
    if (type !== FrameType.SETTINGS || (flags & FrameFlag.ACK) !== 0) {
      throw connectionError('PROTOCOL_ERROR', 'the first frame is not a SETTINGS frame');
    }
  }

  #parse(header: Uint8Array, at: number, bytes: Uint8Array, start: number, end: number): void {
    const type = readFrameType(header, at);
    this.#frame = parseFrame(
      type,
      readFrameFlags(header, at),
      readStreamId(header, at),
      bytes,
      start,
      end,
      this.#lenient,
    );
  }
}
