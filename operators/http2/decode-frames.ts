import { isObservable, type Observable, type OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import type { Frame } from './frame.js';
import { FrameDecoder, type FrameDecoderOptions } from './frame-decoder.js';

export interface DecodeFramesConfig extends Omit<FrameDecoderOptions, 'maxFrameSize'> {
  /** The longest payload, in bytes; an Observable changes it from the next frame on. 16 384 by default. */
  readonly maxFrameSize?: number | Observable<number>;
}

/**
 * Reads HTTP/2 frames: bytes in, frames out.
 *
 * ```text
 * bytes   --a------b--c-----|    a: one frame and half of the next
 * frames  --x------y--(zz)--|
 * ```
 *
 * Payloads are views of the bytes, emitted while these are delivered, so a hold on a frame holds the bytes. Only a frame
 * that runs over the border of two chunks is copied. A frame that breaks a rule where only its stream is at stake comes as
 * one of type `MALFORMED`, with the error to answer.
 *
 * Errors: `ProtocolError` of scope `connection`, its `wireCode` what GOAWAY should say: `PROTOCOL_ERROR`,
 * `FRAME_SIZE_ERROR`, `ENHANCE_YOUR_CALM` with `limit` `maxSettings`, and `TRUNCATED_FRAME` for input that ends inside a
 * frame or the preface.
 *
 * RFC 9113 §3.4, §4, §6; RFC 9218 §7.1.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { decodeFrames, encodeFrames, pingFrame } from 'rxweir/operators';
 * of(pingFrame(new Uint8Array(8)))
 *   .pipe(encodeFrames(), decodeFrames({ role: 'server', preface: false }))
 *   .subscribe((frame) => console.log(frame.type)); // 6
 * ```
 * @see encodeFrames
 */
export function decodeFrames(config: DecodeFramesConfig): OperatorFunction<Uint8Array, Frame> {
  return operate((subscriber) => {
    const { maxFrameSize, ...rest } = config;
    const decoder = new FrameDecoder(typeof maxFrameSize === 'number' ? { ...rest, maxFrameSize } : rest);
    if (isObservable(maxFrameSize)) {
      subscriber.add(
        maxFrameSize.subscribe({
          next: (bytes) => void (decoder.maxFrameSize = bytes),
          error: (error) => subscriber.error(error),
        }),
      );
    }
    let draining = false;
    return {
      next(chunk) {
        decoder.push(chunk);
        if (draining) return; // re-entered from an emission: the loop below goes on
        draining = true;
        try {
          while (!subscriber.closed && decoder.read()) subscriber.next(decoder.frame);
        } finally {
          draining = false;
        }
      },
      complete() {
        decoder.finish();
        subscriber.complete();
      },
    };
  });
}
