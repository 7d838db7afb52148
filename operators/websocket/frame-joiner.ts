import type { WebSocketDecoder } from './decoder.js';
import type { WebSocketFrame } from './frame.js';

/** The most that is set aside for a frame before its bytes are there. */
const FIRST = 1_048_576;

/** Puts the pieces of frames that run over chunk borders together again. */
export class FrameJoiner {
  #payload: Uint8Array | undefined = undefined;
  #filled = 0;

  /** The frame the decoder's piece is the end of, if it is. */
  next(decoder: WebSocketDecoder): WebSocketFrame | undefined {
    const { bytes, start, end, first, last, length } = decoder;
    if (first && last)
      return frameOf(decoder, start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
    let payload = this.#payload;
    if (payload === undefined || payload.length < this.#filled + end - start) {
      const room = Math.min(length, Math.max(this.#filled * 2, this.#filled + end - start, FIRST));
      const grown = new Uint8Array(room);
      if (payload !== undefined) grown.set(payload.subarray(0, this.#filled));
      this.#payload = payload = grown;
    }
    payload.set(bytes.subarray(start, end), this.#filled);
    this.#filled += end - start;
    if (!last) return undefined;
    this.#payload = undefined;
    this.#filled = 0;
    return frameOf(decoder, payload);
  }
}

function frameOf({ opcode, fin, rsv1 }: WebSocketDecoder, payload: Uint8Array): WebSocketFrame {
  return { opcode, fin, rsv1, payload };
}
