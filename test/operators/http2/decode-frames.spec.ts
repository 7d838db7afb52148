import { concat, from, map, NEVER, of, Subject, take, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { decodeFrames } from '../../../operators/http2/decode-frames.js';
import { encodeFrames } from '../../../operators/http2/encode-frames.js';
import type { OutboundFrame } from '../../../operators/http2/frame.js';
import { dataFrame } from '../../../operators/http2/frames/data-frame.js';
import { pingFrame } from '../../../operators/http2/frames/ping-frame.js';
import { rstStreamFrame } from '../../../operators/http2/frames/rst-stream-frame.js';
import { splits } from '../../support/every-split.js';
import { runMarbles } from '../../support/marbles.js';
import { describeError, describeFrame, joined, raw, text, toHex, wire } from './frames.js';

const server = { role: 'server', preface: false } as const;
const PING = pingFrame(text('12345678'));
const FRAMES = [PING, dataFrame(1, text('hello')), rstStreamFrame(1, 8)];

function read(source = of<Uint8Array>(), config: Parameters<typeof decodeFrames>[0] = server): string[] {
  const said: string[] = [];
  source.pipe(decodeFrames(config)).subscribe({
    next: (frame) => said.push(describeFrame(frame)),
    error: (error: unknown) => said.push(error instanceof RangeError ? error.message : describeError(error)),
    complete: () => said.push('complete'),
  });
  return said;
}

describe('decodeFrames', () => {
  const said = [...FRAMES.map(describeFrame), 'complete'];

  it('none, one, many, however they are cut', () => {
    expect(read()).toEqual(['complete']);
    expect(read(of(wire(PING)))).toEqual([describeFrame(PING), 'complete']);
    for (const pieces of splits(wire(...FRAMES))) expect(read(from(pieces))).toEqual(said);
  });

  it('passes errors of the source on, and sends its own down the error channel', () => {
    expect(read(throwError(() => new RangeError('mine')))).toEqual(['mine']);
    expect(read(of(raw(0, 0, 0)))).toEqual(['connection PROTOCOL_ERROR 1']);
    expect(read(of(wire(PING).subarray(0, 5)))).toEqual(['connection TRUNCATED_FRAME 1']);
    expect(read(of(text('GET')), { role: 'server' })).toEqual(['connection PROTOCOL_ERROR 1']);
  });

  it('frames in time; unsubscription reaches the source', () => {
    runMarbles(({ cold, expectObservable, expectSubscriptions }) => {
      const ping = wire(PING);
      const bytes = cold('--a--b--c--', { a: ping.subarray(0, 3), b: ping.subarray(3), c: joined([ping, ping]) });
      const frames = bytes.pipe(
        decodeFrames(server),
        map((frame) => frame.type),
      );
      expectObservable(frames, '^---------!').toBe('-----x--(xx)', { x: 6 });
      expectSubscriptions(bytes.subscriptions).toBe('^---------!');
    });
  });

  it('take(1) stops the loop inside a chunk', () => {
    let seen = 0;
    const source = concat(of(wire(PING, PING, PING)), NEVER);
    source
      .pipe(
        decodeFrames(server),
        map(() => ++seen),
        take(1),
      )
      .subscribe();
    expect(seen).toBe(1);
  });

  it('a consumer that pushes more from inside gets it in order', () => {
    const bytes = new Subject<Uint8Array>();
    const types: number[] = [];
    bytes.pipe(decodeFrames(server)).subscribe((frame) => {
      if (types.push(frame.type) === 1) bytes.next(wire(rstStreamFrame(1, 8)));
    });
    bytes.next(wire(PING, dataFrame(1, text('x'))));
    expect(types).toEqual([6, 0, 3]);
  });

  it('a hold on a frame holds the bytes', () => {
    const bytes = new Subject<Uint8Array>();
    let release: Release | undefined;
    bytes.pipe(decodeFrames(server)).subscribe((frame) => {
      if (frame.type === 0) release = hold();
    });
    let consumed = 0;
    deliver(bytes, wire(PING), () => consumed++);
    deliver(bytes, wire(dataFrame(1, text('x'))), () => consumed++);
    expect(consumed).toBe(1);
    release?.();
    expect(consumed).toBe(2);
  });

  it('maxFrameSize as a number, and as an Observable', () => {
    const large = raw(0, 0, 1, new Uint8Array(20_000));
    expect(read(of(large), { ...server, maxFrameSize: 20_000 })).toHaveLength(2);
    const sizes = new Subject<number>();
    const bytes = new Subject<Uint8Array>();
    const events: string[] = [];
    bytes
      .pipe(decodeFrames({ ...server, maxFrameSize: sizes }))
      .subscribe({ next: () => events.push('frame'), error: (error) => events.push(describeError(error)) });
    sizes.next(20_000);
    bytes.next(large);
    sizes.next(16_384);
    bytes.next(large);
    expect(events).toEqual(['frame', 'connection FRAME_SIZE_ERROR 6']);
    expect(sizes.observed).toBe(false);
  });
});

describe('encodeFrames', () => {
  const write = (frames: OutboundFrame[], config?: Parameters<typeof encodeFrames>[0]): Uint8Array[] => {
    const parts: Uint8Array[] = [];
    from(frames)
      .pipe(encodeFrames(config))
      .subscribe((part) => parts.push(part));
    return parts;
  };

  it('is undone by decodeFrames', () => {
    expect(read(from(FRAMES).pipe(encodeFrames()))).toEqual([...FRAMES.map(describeFrame), 'complete']);
    expect(write([])).toEqual([]);
  });

  it('small DATA leaves with its header, large DATA is not copied', () => {
    expect(write([dataFrame(1, text('hi'))]).map(toHex)).toEqual(['0000020000000000016869']);
    const data = new Uint8Array(5000).fill(7);
    const parts = write([dataFrame(1, data, { endStream: true, padLength: 2 })]);
    expect(parts.map(({ length }) => length)).toEqual([10, 5000, 2]);
    expect(parts[1]).toBe(data);
    expect(read(from(parts))[0]).toMatch(/^DATA 1 0x9 data=0707.*07 padLength=2$/);
    expect(write([dataFrame(1, data)]).map(({ length }) => length)).toEqual([9, 5000]);
  });

  it('refuses what the peer does not take', () => {
    runMarbles(({ cold, expectObservable }) => {
      const sizes = cold('--a', { a: 20_000 });
      const frames = cold('a---a-b', {
        a: dataFrame(1, new Uint8Array(16_384)),
        b: dataFrame(1, new Uint8Array(20_001)),
      });
      const codes = frames.pipe(
        encodeFrames({ maxFrameSize: sizes }),
        map((bytes) => bytes.length),
      );
      expectObservable(codes.pipe(take(4))).toBe('(hd)(hd|)', { h: 9, d: 16_384 });
    });
    const error: string[] = [];
    of(dataFrame(1, new Uint8Array(11)), PING)
      .pipe(encodeFrames({ maxFrameSize: 10 }))
      .subscribe({ error: (thrown) => error.push(describeError(thrown)) });
    of(dataFrame(1, new Uint8Array(2000)))
      .pipe(encodeFrames({ maxFrameSize: 1999 }))
      .subscribe({ error: (thrown) => error.push(describeError(thrown)) });
    expect(error).toEqual(['usage FRAME_TOO_LARGE', 'usage FRAME_TOO_LARGE']);
  });

  it('a hold on any part holds the frame, and take stops between parts', () => {
    const frames = new Subject<OutboundFrame>();
    const releases: Release[] = [];
    frames.pipe(encodeFrames()).subscribe(() => releases.push(hold()));
    let consumed = 0;
    deliver(frames, dataFrame(1, new Uint8Array(5000)), () => consumed++);
    expect(releases).toHaveLength(2);
    releases[0]?.();
    expect(consumed).toBe(0);
    releases[1]?.();
    expect(consumed).toBe(1);
    const parts: number[] = [];
    of(dataFrame(1, new Uint8Array(5000)), PING)
      .pipe(encodeFrames(), take(1))
      .subscribe(({ length }) => parts.push(length));
    expect(parts).toEqual([9]);
  });
});
