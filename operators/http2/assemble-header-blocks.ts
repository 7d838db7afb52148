import type { OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import type { Frame } from './frame.js';
import { type AssembledFrame, HeaderBlockAssembler, type HeaderBlockLimits } from './header-block-assembler.js';

/**
 * Joins each HEADERS or PUSH_PROMISE frame with its CONTINUATIONs: frames in, frames out, of which none is a CONTINUATION.
 *
 * ```text
 * frames     --h--c--c--d----|    h, c, c: one header block; the last c says so
 * assembled  --------h--d----|
 * ```
 *
 * A HEADERS frame that comes out has the whole block as its `fragment`, END_HEADERS set, and END_STREAM as it was sent: the
 * block counts as one large frame. All other frames pass.
 *
 * Errors, all `ProtocolError` of scope `connection`: `PROTOCOL_ERROR` for anything inside a block that is not its
 * CONTINUATION, or a CONTINUATION outside one; `ENHANCE_YOUR_CALM` with `limit` `maxContinuations` or `maxHeaderBlock`;
 * `TRUNCATED_FRAME` for input that ends inside a block.
 *
 * RFC 9113 §4.3, §6.10.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { assembleHeaderBlocks, continuationFrame, headersFrame } from 'rxweir/operators';
 * of(headersFrame(1, Buffer.from('ab'), { endHeaders: false }), continuationFrame(1, Buffer.from('c')))
 *   .pipe(assembleHeaderBlocks())
 *   .subscribe((frame) => console.log(frame.type)); // 1, with three bytes of block
 * ```
 * @see fragmentHeaderBlocks
 */
export function assembleHeaderBlocks(limits?: HeaderBlockLimits): OperatorFunction<Frame, AssembledFrame> {
  return operate((subscriber) => {
    const assembler = new HeaderBlockAssembler(limits);
    return {
      next(frame) {
        const whole = assembler.push(frame);
        if (whole !== undefined) subscriber.next(whole);
      },
      complete() {
        assembler.finish();
        subscriber.complete();
      },
      finalize: () => assembler.clear(),
    };
  });
}
