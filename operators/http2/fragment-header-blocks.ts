import { isObservable, type MonoTypeOperatorFunction, type Observable, type Subscriber } from 'rxjs';
import { operate } from '../core/operate.js';
import { type OutboundFrame, payloadLength } from './frame.js';
import { DEFAULT_MAX_FRAME_SIZE } from './frame-decoder.js';
import { FrameFlag, FrameType } from './frame-type.js';
import { continuationFrame } from './frames/continuation-frame.js';
import type { HeadersFrame } from './frames/headers-frame.js';
import type { PushPromiseFrame } from './frames/push-promise-frame.js';

export interface FragmentHeaderBlocksConfig {
  /** The longest payload the peer takes, in bytes; an Observable changes it. 16 384 by default. */
  readonly maxFrameSize?: number | Observable<number>;
}

/**
 * Splits header blocks that are too long for one frame: frames in, frames out, a long HEADERS or PUSH_PROMISE followed by
 * CONTINUATIONs at once.
 *
 * ```text
 * frames      --h---------d--|    h: a block of three frames
 * fragmented  --(hcc)-----d--|
 * ```
 *
 * END_STREAM, padding and priority stay on the first frame. Fragments are views. Frames that fit pass as they are.
 *
 * RFC 9113 §4.3, §6.10.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { fragmentHeaderBlocks, headersFrame } from 'rxweir/operators';
 * of(headersFrame(1, new Uint8Array(40_000), { endStream: true }))
 *   .pipe(fragmentHeaderBlocks())
 *   .subscribe((frame) => console.log(frame.type)); // 1, 9, 9
 * ```
 * @see assembleHeaderBlocks
 */
export function fragmentHeaderBlocks({
  maxFrameSize,
}: FragmentHeaderBlocksConfig = {}): MonoTypeOperatorFunction<OutboundFrame> {
  return operate((subscriber) => {
    let most = typeof maxFrameSize === 'number' ? maxFrameSize : DEFAULT_MAX_FRAME_SIZE;
    if (isObservable(maxFrameSize)) {
      subscriber.add(
        maxFrameSize.subscribe({ next: (bytes) => void (most = bytes), error: (error) => subscriber.error(error) }),
      );
    }
    return {
      next(frame) {
        const block = frame.type === FrameType.HEADERS || frame.type === FrameType.PUSH_PROMISE;
        if (!block || payloadLength(frame) <= most) subscriber.next(frame);
        else fragment(frame, most, subscriber);
      },
    };
  });
}

function fragment(frame: HeadersFrame | PushPromiseFrame, most: number, to: Subscriber<OutboundFrame>): void {
  const block = frame.fragment;
  // What the first frame carries besides its fragment leaves that much less room.
  let at = Math.max(0, most - (payloadLength(frame) - block.length));
  const ends = frame.flags & FrameFlag.END_HEADERS;
  to.next({ ...frame, flags: frame.flags & ~FrameFlag.END_HEADERS, fragment: block.subarray(0, at) });
  while (at < block.length && !to.closed) {
    const end = Math.min(block.length, at + most);
    to.next(continuationFrame(frame.streamId, block.subarray(at, end), end === block.length && ends !== 0));
    at = end;
  }
}
