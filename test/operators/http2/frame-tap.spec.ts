import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../operators/http2/frame.js';
import { FrameTap } from '../../../operators/http2/frame-tap.js';
import { pingFrame } from '../../../operators/http2/frames/ping-frame.js';
import { settingsFrame } from '../../../operators/http2/frames/settings-frame.js';
import { windowUpdateFrame } from '../../../operators/http2/frames/window-update-frame.js';
import { clientPreface } from '../../../operators/http2/preface.js';
import { splits } from '../../support/every-split.js';
import { describeFrame, joined, wire } from './frames.js';

const FRAMES = [settingsFrame([]), windowUpdateFrame(0, 7), pingFrame(new Uint8Array(8))] as const;

describe('FrameTap', () => {
  const watched = (tap: FrameTap): string[] => {
    const seen: string[] = [];
    tap.frames$.subscribe({
      next: ({ direction, frame }) => seen.push(`${direction} ${describeFrame(frame)}`),
      complete: () => seen.push('|'),
    });
    return seen;
  };

  it('reads what is written, the preface apart, however it is cut', () => {
    const bytes = joined([clientPreface(), wire(...FRAMES)]);
    for (const pieces of splits(bytes)) {
      const tap = new FrameTap('client');
      const seen = watched(tap);
      for (const piece of pieces) tap.out(piece);
      expect(seen).toEqual(FRAMES.map((frame) => `out ${describeFrame(frame as Frame)}`));
    }
  });

  it('hands everything on to the sink, watched or not', () => {
    const passed: string[] = [];
    const tap = new FrameTap('server');
    const sink = tap.before({
      next: (bytes) => passed.push(`${bytes.length}`),
      cork: () => passed.push('cork'),
      uncork: () => passed.push('uncork'),
      flush: () => passed.push('flush'),
    });
    sink.cork();
    sink.next(wire(FRAMES[1]));
    const seen = watched(tap);
    sink.next(wire(FRAMES[2]));
    sink.uncork();
    sink.flush();
    expect(passed).toEqual(['cork', '13', '17', 'uncork', 'flush']);
    expect(seen).toEqual([`out ${describeFrame(FRAMES[2])}`]);
  });

  it('tells what comes in, in turn with what goes out, to all who watch', () => {
    const tap = new FrameTap('server');
    const [a, b] = [watched(tap), watched(tap)];
    tap.in(FRAMES[2]);
    tap.out(wire(settingsFrame([])));
    tap.complete();
    expect(a).toEqual([`in ${describeFrame(FRAMES[2])}`, `out ${describeFrame(settingsFrame([]))}`, '|']);
    expect(b).toEqual(a);
  });

  it('starts anew between frames when somebody watches again', () => {
    const tap = new FrameTap('server');
    tap.frames$.subscribe().unsubscribe();
    tap.out(wire(FRAMES[0]));
    const seen = watched(tap);
    tap.out(wire(FRAMES[1]));
    expect(seen).toEqual([`out ${describeFrame(FRAMES[1])}`]);
  });
});
