import { isObservable, type Observable, type OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import { UsageError } from '../core/protocol-error.js';
import { type OutboundFrame, payloadLength, serializeFrame } from './frame.js';
import { DEFAULT_MAX_FRAME_SIZE } from './frame-decoder.js';
import { FrameType } from './frame-type.js';
import { type DataFrame, dataFrameHead } from './frames/data-frame.js';

export interface EncodeFramesConfig {
  /** The longest payload the peer takes, in bytes; an Observable changes it. 16 384 by default. */
  readonly maxFrameSize?: number | Observable<number>;
}

/** Up to here the data of a DATA frame is copied behind its header, and leaves with it. Bytes. */
const JOIN_LIMIT = 1024;
const ZEROS = new Uint8Array(255);

/**
 * Writes HTTP/2 frames: frames in, bytes out.
 *
 * ```text
 * frames  --x------y------|    y: a large DATA frame
 * bytes   --x------(hd)---|    header, then the data as it is
 * ```
 *
 * Each frame is written while it is delivered, so a hold on the bytes holds the frame. A large payload of DATA is not
 * copied. The client preface is not written: put `clientPreface()` before the first bytes.
 *
 * Errors: `UsageError` `FRAME_TOO_LARGE`.
 *
 * RFC 9113 §4, §6.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { dataFrame, encodeFrames } from 'rxweir/operators';
 * of(dataFrame(1, Buffer.from('hello'), { endStream: true }))
 *   .pipe(encodeFrames())
 *   .subscribe((bytes) => console.log(bytes.length)); // 14
 * ```
 * @see decodeFrames
 */
export function encodeFrames({ maxFrameSize }: EncodeFramesConfig = {}): OperatorFunction<OutboundFrame, Uint8Array> {
  return operate((subscriber) => {
    let most = typeof maxFrameSize === 'number' ? maxFrameSize : DEFAULT_MAX_FRAME_SIZE;
    if (isObservable(maxFrameSize)) {
      subscriber.add(
        maxFrameSize.subscribe({ next: (bytes) => void (most = bytes), error: (error) => subscriber.error(error) }),
      );
    }
    const large = (frame: DataFrame): void => {
      subscriber.next(dataFrameHead(frame));
      if (!subscriber.closed) subscriber.next(frame.data);
      if (frame.padLength > 0 && !subscriber.closed) subscriber.next(ZEROS.subarray(0, frame.padLength));
    };
    return {
      next(frame) {
        if (frame.type !== FrameType.DATA || frame.data.length <= JOIN_LIMIT) {
          subscriber.next(serializeFrame(frame, most));
          return;
        }
        const length = payloadLength(frame);
        if (length > most) {
          throw new UsageError('FRAME_TOO_LARGE', `a payload of ${length} bytes where the peer takes ${most}`);
        }
        large(frame);
      },
    };
  });
}
