import { describe, expect, it } from 'vitest';
import { hold, type Release } from '../../../operators/core/deliver.js';
import { FrameOutput } from '../../../operators/http2/frame-output.js';
import { joined, text, toHex, transcribe } from './frames.js';

/** An output and what it wrote: as the client would read it. */
function outputOf(): {
  output: FrameOutput;
  writes: Uint8Array[];
  corks: string[];
  releases: Release[];
  drained: () => number;
  keep: { on: boolean };
  lines: () => string[];
} {
  const writes: Uint8Array[] = [];
  const corks: string[] = [];
  const releases: Release[] = [];
  const keep = { on: false };
  let drained = 0;
  const sink = {
    next: (bytes: Uint8Array) => {
      writes.push(bytes);
      if (keep.on) releases.push(hold());
    },
    cork: () => void corks.push('cork'),
    uncork: () => void corks.push('uncork'),
    flush: () => void corks.push('flush'),
  };
  const output = new FrameOutput(sink, () => drained++);
  const lines = (): string[] => transcribe(writes, { role: 'client', preface: false, maxFrameSize: 2 ** 24 - 1 });
  return { output, writes, corks, releases, drained: () => drained, keep, lines };
}

describe('FrameOutput', () => {
  it('writes small frames of one turn as one piece', () => {
    const { output, writes, lines } = outputOf();
    output.settings([{ id: 4, value: 7 }]);
    output.ping(new Uint8Array(8).fill(1), true);
    output.reset(3, 8);
    output.windowUpdate(0, 5);
    output.data(1, text('ab'), 0, 2, true);
    output.text(3, 'xyz');
    output.goaway(1, 2, text('bye'));
    expect(writes).toEqual([]);
    expect(output.unsent).toBeGreaterThan(0);
    output.flush();
    expect(writes).toHaveLength(1);
    expect(lines()).toEqual([
      'SETTINGS 0 0x0 entries=[{"id":4,"value":7}]',
      'PING 0 0x1 opaque=0101010101010101',
      'RST_STREAM 3 0x0 errorCode=8',
      'WINDOW_UPDATE 0 0x0 increment=5',
      'DATA 1 0x1 data=6162 padLength=0',
      'DATA 3 0x1 data=78797a padLength=0',
      `GOAWAY 0 0x0 lastStreamId=1 errorCode=2 debugData=${toHex(text('bye'))}`,
    ]);
    expect([output.unsent, output.written]).toEqual([0, (writes[0] as Uint8Array).length]);
  });

  it('gives away what is enough for the peer to begin with, at once', () => {
    const { output, writes, corks, lines } = outputOf();
    for (let i = 0; i < 15; i++) output.headers(2 * i + 1, text('x'), true, 16_384);
    output.flushEnough();
    expect([writes.length, corks]).toEqual([0, []]);
    output.headers(31, text('x'), true, 16_384);
    output.windowUpdate(0, 1);
    output.flushEnough();
    expect([writes.length, corks]).toEqual([1, ['flush']]);
    expect(lines()).toHaveLength(17);
    output.headers(33, text('x'), true, 16_384); // counted anew
    output.flushEnough();
    expect([writes.length, output.unsent > 0]).toEqual([1, true]);
    output.flush();
    expect([writes.length, corks]).toEqual([2, ['flush']]);
  });

  it('writes a large payload as it is, between what stands before and behind it, corked', () => {
    const { output, writes, corks, lines } = outputOf();
    const body = new Uint8Array(10_000).fill(7);
    output.windowUpdate(0, 1);
    output.data(1, body, 0, body.length, false);
    output.data(1, body, 100, 9000, true);
    output.windowUpdate(0, 2);
    output.flush();
    expect(writes[1]).toBe(body);
    expect((writes[3] as Uint8Array).buffer).toBe(body.buffer);
    expect(corks).toEqual(['cork', 'uncork']);
    expect(lines().map((line) => line.slice(0, 18))).toEqual([
      'WINDOW_UPDATE 0 0x',
      'DATA 1 0x0 data=07',
      'DATA 1 0x1 data=07',
      'WINDOW_UPDATE 0 0x',
    ]);
  });

  it.each([1, 4, 7, 100])('cuts a header block at a frame size of %d', (most) => {
    for (const promised of [0, 2]) {
      if (promised !== 0 && most <= 4) continue;
      const { output, lines } = outputOf();
      const block = Uint8Array.from({ length: 23 }, (_, i) => i);
      output.headers(1, block, true, most, promised);
      output.flush();
      const read = lines();
      const fragments = read.map((line) => /fragment=([0-9a-f]*)/.exec(line)?.[1] ?? '');
      expect(fragments.join('')).toBe(toHex(block));
      expect(read[0]).toMatch(promised === 0 ? /^HEADERS 1/ : /^PUSH_PROMISE 1 .*promisedId=2/);
      expect(read.slice(1).every((line) => line.startsWith('CONTINUATION 1'))).toBe(true);
      expect(read.map((line) => (Number(line.split(' ')[2]) & 4) !== 0)).toEqual(
        read.map((_, i) => i === read.length - 1),
      );
    }
  });

  it('makes the frame written last the end of its stream, and no other', () => {
    const { output, lines } = outputOf();
    output.data(1, text('a'), 0, 1, false);
    expect([output.endLast(3), output.endLast(1), output.endLast(1)]).toEqual([false, true, false]);
    output.data(5, text('b'), 0, 1, false);
    output.windowUpdate(0, 1);
    expect(output.endLast(5)).toBe(false);
    output.data(7, text('c'), 0, 1, false);
    output.flush();
    expect(output.endLast(7)).toBe(false);
    expect(lines().filter((line) => line.startsWith('DATA'))).toEqual([
      'DATA 1 0x1 data=61 padLength=0',
      'DATA 5 0x0 data=62 padLength=0',
      'DATA 7 0x0 data=63 padLength=0',
    ]);
  });

  it('counts what the sink holds until it lets go', () => {
    const { output, releases, keep, drained, writes } = outputOf();
    keep.on = true;
    output.windowUpdate(0, 1);
    output.flush();
    expect([output.unsent, drained()]).toEqual([13, 0]);
    output.windowUpdate(0, 2);
    output.flush();
    expect(output.unsent).toBe(26);
    for (const release of releases) release();
    expect([output.unsent, drained(), joined(writes).length]).toEqual([0, 2, 26]);
  });

  it('writes nothing over that a sink still holds', () => {
    const { output, writes, keep } = outputOf();
    keep.on = true;
    for (let i = 1; i < 20_000; i++) {
      output.windowUpdate(0, i);
      if (i % 3 === 0) output.flush();
    }
    output.flush();
    const read = transcribe(writes, { role: 'client', preface: false });
    expect(read).toEqual(Array.from({ length: 19_999 }, (_, i) => `WINDOW_UPDATE 0 0x0 increment=${i + 1}`));
  });

  it('keeps to the order also where a frame is larger than a block', () => {
    const { output, lines } = outputOf();
    output.windowUpdate(0, 1);
    output.headers(1, new Uint8Array(100_000).fill(0x82), true, 2 ** 20);
    output.windowUpdate(0, 2);
    output.flush();
    expect(lines().map((line) => line.split(' ')[0])).toEqual(['WINDOW_UPDATE', 'HEADERS', 'WINDOW_UPDATE']);
  });

  it('drops what is queued when told', () => {
    const { output, writes } = outputOf();
    output.windowUpdate(0, 1);
    output.clear();
    output.flush();
    expect([writes.length, output.unsent]).toEqual([0, 0]);
  });
});
