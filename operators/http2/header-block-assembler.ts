/**
 * The engine under `assembleHeaderBlocks`: HEADERS or PUSH_PROMISE and the CONTINUATIONs behind it become one frame, as if
 * it had been large enough (RFC 9113 §4.3).
 */
import { UsageError } from '../core/protocol-error.js';
import type { Frame } from './frame.js';
import { endsHeaders, FrameFlag, FrameType } from './frame-type.js';
import type { ContinuationFrame } from './frames/continuation-frame.js';
import type { HeadersFrame } from './frames/headers-frame.js';
import type { PushPromiseFrame } from './frames/push-promise-frame.js';
import { calmError, connectionError, truncated } from './http2-error.js';

/** A frame as it leaves the assembler: HEADERS and PUSH_PROMISE carry their whole block and END_HEADERS. */
export type AssembledFrame = Exclude<Frame, ContinuationFrame>;

export interface HeaderBlockLimits {
  /** CONTINUATION frames behind one HEADERS or PUSH_PROMISE, empty ones included. 8 by default. */
  readonly maxContinuations?: number;
  /** Bytes of an encoded block. 32 768 by default: twice what the decoded fields may weigh. */
  readonly maxHeaderBlock?: number;
}

const DEFAULT_MAX_CONTINUATIONS = 8;
const DEFAULT_MAX_HEADER_BLOCK = 32_768;

export class HeaderBlockAssembler {
  readonly #maxContinuations: number;
  readonly #maxHeaderBlock: number;
  #opening: HeadersFrame | PushPromiseFrame | undefined;
  #fragments: Uint8Array[] = [];
  #length = 0;
  #continuations = 0;

  /** @throws UsageError `INVALID_LIMIT` */
  constructor(limits: HeaderBlockLimits = {}) {
    this.#maxContinuations = checkedLimit('maxContinuations', limits.maxContinuations ?? DEFAULT_MAX_CONTINUATIONS);
    this.#maxHeaderBlock = checkedLimit('maxHeaderBlock', limits.maxHeaderBlock ?? DEFAULT_MAX_HEADER_BLOCK);
  }

  /** A block has begun, and its end has not come. */
  get open(): boolean {
    return this.#opening !== undefined;
  }

  /** Bytes kept of a block whose end has not come. */
  get kept(): number {
    return this.#length;
  }

  /**
   * Takes a frame; returns the one that is complete by it, or undefined inside a block.
   *
   * @throws ProtocolError connection `PROTOCOL_ERROR` for a frame inside a block that does not go on with it, or a
   *   CONTINUATION outside one; `ENHANCE_YOUR_CALM` with `limit` `maxContinuations` or `maxHeaderBlock`
   */
  push(frame: Frame): AssembledFrame | undefined {
    if (this.#opening !== undefined) return this.#continue(this.#opening, frame);
    switch (frame.type) {
      case FrameType.HEADERS:
      case FrameType.PUSH_PROMISE:
        return this.#begin(frame);
      case FrameType.CONTINUATION:
        throw connectionError(
          'PROTOCOL_ERROR',
          `CONTINUATION on stream ${frame.streamId} without a block to go on with`,
        );
      default:
        return frame;
    }
  }

  /** Call when the input has ended. @throws ProtocolError connection `TRUNCATED_FRAME` inside a block */
  finish(): void {
    if (this.#opening !== undefined) throw truncated('a header block');
  }

  /** Lets go of a block whose end will not come. */
  clear(): void {
    this.#opening = undefined;
    this.#fragments = [];
    this.#length = 0;
    this.#continuations = 0;
  }

  #begin(frame: HeadersFrame | PushPromiseFrame): AssembledFrame | undefined {
    if (frame.fragment.length > this.#maxHeaderBlock) this.#tooLong();
    if (endsHeaders(frame)) return frame;
    this.#opening = frame;
    this.#keep(frame.fragment);
    return undefined;
  }

  #continue(opening: HeadersFrame | PushPromiseFrame, frame: Frame): AssembledFrame | undefined {
    if (frame.type !== FrameType.CONTINUATION || frame.streamId !== opening.streamId) {
      throw connectionError('PROTOCOL_ERROR', `a frame inside the header block of stream ${opening.streamId}`);
    }
    if (++this.#continuations > this.#maxContinuations) {
      throw calmError('maxContinuations', `over ${this.#maxContinuations} CONTINUATION frames in a header block`);
    }
    if (this.#length + frame.fragment.length > this.#maxHeaderBlock) this.#tooLong();
    this.#keep(frame.fragment);
    if (!endsHeaders(frame)) return undefined;
    const whole = this.#whole(opening);
    this.clear();
    return whole;
  }

  /** A copy: a small view would keep the whole chunk it came in alive until the block ends. */
  #keep(fragment: Uint8Array): void {
    if (fragment.length === 0) return;
    this.#fragments.push(Uint8Array.from(fragment));
    this.#length += fragment.length;
  }

  /** The opening frame with all fragments; END_STREAM is its own flag and stays. */
  #whole(opening: HeadersFrame | PushPromiseFrame): AssembledFrame {
    const fragment = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#fragments) {
      fragment.set(part, at);
      at += part.length;
    }
    const flags = opening.flags | FrameFlag.END_HEADERS;
    return { ...opening, flags, fragment };
  }

  #tooLong(): never {
    throw calmError('maxHeaderBlock', `an encoded header block of over ${this.#maxHeaderBlock} bytes`);
  }
}

function checkedLimit(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 0) {
    throw new UsageError('INVALID_LIMIT', `${name} must be a whole number, not ${value}`);
  }
  return value;
}
