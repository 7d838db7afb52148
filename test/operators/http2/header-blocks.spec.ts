import { fc, test } from '@fast-check/vitest';
import { from, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { assembleHeaderBlocks } from '../../../operators/http2/assemble-header-blocks.js';
import { fragmentHeaderBlocks } from '../../../operators/http2/fragment-header-blocks.js';
import type { Frame, OutboundFrame } from '../../../operators/http2/frame.js';
import { FrameFlag } from '../../../operators/http2/frame-type.js';
import { continuationFrame } from '../../../operators/http2/frames/continuation-frame.js';
import { dataFrame } from '../../../operators/http2/frames/data-frame.js';
import { headersFrame } from '../../../operators/http2/frames/headers-frame.js';
import { pushPromiseFrame } from '../../../operators/http2/frames/push-promise-frame.js';
import { unknownFrame } from '../../../operators/http2/frames/unknown-frame.js';
import { HeaderBlockAssembler, type HeaderBlockLimits } from '../../../operators/http2/header-block-assembler.js';
import { describeError, describeFrame, text, thrown } from './frames.js';

const open = (block = 'a'): OutboundFrame => headersFrame(1, text(block), { endHeaders: false, endStream: true });
const more = (block = 'b', last = false, streamId = 1): OutboundFrame => continuationFrame(streamId, text(block), last);
const repeat = (count: number, frame: OutboundFrame): OutboundFrame[] => Array.from({ length: count }, () => frame);

function assemble(frames: readonly Frame[], limits?: HeaderBlockLimits): string[] {
  const said: string[] = [];
  from(frames)
    .pipe(assembleHeaderBlocks(limits))
    .subscribe({
      next: (frame) => said.push(describeFrame(frame)),
      error: (error) => said.push(describeError(error)),
      complete: () => said.push('complete'),
    });
  return said;
}

function fragment(frames: OutboundFrame[], maxFrameSize?: number): OutboundFrame[] {
  const out: OutboundFrame[] = [];
  from(frames)
    .pipe(fragmentHeaderBlocks(maxFrameSize === undefined ? {} : { maxFrameSize }))
    .subscribe((frame) => out.push(frame));
  return out;
}

describe('assembleHeaderBlocks', () => {
  it('passes what is whole, the very object', () => {
    const whole = headersFrame(1, text('abc'));
    const data = dataFrame(1, text('x'));
    const out: Frame[] = [];
    from<Frame[]>([whole, data])
      .pipe(assembleHeaderBlocks())
      .subscribe((frame) => out.push(frame));
    expect(out[0]).toBe(whole);
    expect(out[1]).toBe(data);
    expect(assemble([])).toEqual(['complete']);
  });

  it('joins; trap 25: END_STREAM is kept over many CONTINUATIONs', () => {
    expect(assemble([open(), ...repeat(7, more()), more('c', true), dataFrame(1, text('x'))])).toEqual([
      'HEADERS 1 0x5 exclusive=false dependency=0 weight=16 fragment=616262626262626263 padLength=0',
      'DATA 1 0x0 data=78 padLength=0',
      'complete',
    ]);
    const promise = pushPromiseFrame(1, 2, text('a'), { endHeaders: false });
    expect(assemble([promise, more('b', true)])).toEqual([
      'PUSH_PROMISE 1 0x4 promisedId=2 fragment=6162 padLength=0',
      'complete',
    ]);
  });

  it('C4: the 9th CONTINUATION closes', () => {
    expect(assemble([open(), ...repeat(8, more())])).toEqual(['connection TRUNCATED_FRAME 1']);
    expect(assemble([open(), ...repeat(9, more())])).toEqual(['connection ENHANCE_YOUR_CALM 11 maxContinuations']);
    expect(assemble([open(), more('', true), open(), ...repeat(7, more()), more('c', true)])).toHaveLength(3);
  });

  it('C4: a block of over twice the limit closes, by one byte', () => {
    const limits = { maxHeaderBlock: 4 };
    expect(assemble([open('ab'), more('cd', true)], limits)).toHaveLength(2);
    expect(assemble([open('ab'), more('cde', true)], limits)).toEqual([
      'connection ENHANCE_YOUR_CALM 11 maxHeaderBlock',
    ]);
    expect(assemble([headersFrame(1, text('abcd'))], limits)).toHaveLength(2);
    expect(assemble([headersFrame(1, text('abcde'))], limits)).toEqual([
      'connection ENHANCE_YOUR_CALM 11 maxHeaderBlock',
    ]);
  });

  it('C5: nine empty CONTINUATIONs close', () => {
    expect(assemble([open(), ...repeat(9, more(''))])).toEqual(['connection ENHANCE_YOUR_CALM 11 maxContinuations']);
  });

  it.each<[string, Frame]>([
    ['DATA', dataFrame(1, text('x'))],
    ['HEADERS', headersFrame(1, text('x'))],
    ['an unknown frame', unknownFrame(0xfa, 1, text(''))],
    ['a CONTINUATION of another stream', more('x', true, 3)],
  ])('C6: %s inside a block is a connection PROTOCOL_ERROR', (_name, frame) => {
    expect(assemble([open(), frame])).toEqual(['connection PROTOCOL_ERROR 1']);
  });

  it('C6: the end inside a block, and a CONTINUATION outside one', () => {
    expect(assemble([open()])).toEqual(['connection TRUNCATED_FRAME 1']);
    expect(assemble([more('x', true)])).toEqual(['connection PROTOCOL_ERROR 1']);
    expect(assemble([open(), more('x', true), more('x', true)])).toHaveLength(2);
  });

  it('keeps copies, and lets go of them', () => {
    const assembler = new HeaderBlockAssembler();
    const bytes = text('abc');
    assembler.push(headersFrame(1, bytes, { endHeaders: false }));
    bytes.fill(0);
    expect(assembler.kept).toBe(3);
    expect(assembler.push(more('d', true))).toMatchObject({ fragment: text('abcd') });
    expect(assembler.kept).toBe(0);
    assembler.push(open());
    assembler.clear();
    assembler.finish();
    expect(thrown(() => new HeaderBlockAssembler({ maxContinuations: -1 }))).toBe('usage INVALID_LIMIT');
  });
});

describe('fragmentHeaderBlocks', () => {
  it('passes what fits, and splits what does not', () => {
    const fits = headersFrame(1, new Uint8Array(10));
    expect(fragment([fits, dataFrame(1, new Uint8Array(11))], 10)[0]).toBe(fits);
    const out = fragment([headersFrame(1, text('abcdefghijk'), { endStream: true })], 5);
    expect(out.map(describeFrame)).toEqual([
      'HEADERS 1 0x1 exclusive=false dependency=0 weight=16 fragment=6162636465 padLength=0',
      'CONTINUATION 1 0x0 fragment=666768696a',
      'CONTINUATION 1 0x4 fragment=6b',
    ]);
  });

  it('padding, priority and the promised stream take their room on the first frame', () => {
    const options = { padLength: 2, priority: { weight: 3 } };
    const out = fragment([headersFrame(1, new Uint8Array(20), options)], 12) as { fragment: Uint8Array }[];
    expect(out.map((frame) => frame.fragment.length)).toEqual([4, 12, 4]);
    const promise = fragment([pushPromiseFrame(1, 2, new Uint8Array(20))], 12) as { fragment: Uint8Array }[];
    expect(promise.map((frame) => frame.fragment.length)).toEqual([8, 12]);
  });

  it('follows an Observable, and stops with its consumer', () => {
    const sizes = new Subject<number>();
    const frames = new Subject<OutboundFrame>();
    const types: number[] = [];
    frames.pipe(fragmentHeaderBlocks({ maxFrameSize: sizes }), take(3)).subscribe(({ type }) => types.push(type));
    sizes.next(2);
    frames.next(headersFrame(1, new Uint8Array(100)));
    expect(types).toEqual([1, 9, 9]);
    expect(sizes.observed || frames.observed).toBe(false);
  });

  test.prop([fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 8, max: 64 }), fc.boolean()])(
    'is undone by assembleHeaderBlocks',
    (block, size, endStream) => {
      const frame = headersFrame(1, block, { endStream });
      const pieces = fragment([frame], size);
      expect(assemble(pieces)).toEqual([describeFrame(frame), 'complete']);
      expect(pieces.filter(({ flags }) => (flags & FrameFlag.END_HEADERS) !== 0)).toHaveLength(1);
    },
  );
});
