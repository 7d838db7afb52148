import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { Output } from '../../../operators/http1/output.js';

function sink(holding = false) {
  const writes: string[] = [];
  const releases: Release[] = [];
  let corked = 0;
  return {
    writes,
    releases,
    next(bytes: Uint8Array) {
      writes.push(
        `${corked > 0 ? 'corked ' : ''}${bytes.length > 40 ? bytes.length : Buffer.from(bytes).toString('latin1')}`,
      );
      if (holding) releases.push(hold());
    },
    cork: () => corked++,
    uncork: () => corked--,
  };
}

describe('Output', () => {
  it('writes what was queued in one piece, in order', () => {
    const out = sink();
    const output = new Output(out);
    output.text('a');
    output.text('b');
    output.bytes(Buffer.from('c'));
    output.text('d');
    output.bytes(Buffer.from('e'));
    output.bytes(Buffer.from('f'));
    expect(output.empty).toBe(false);
    output.flush();
    output.flush();
    expect(out.writes).toEqual(['abcdef']);
    expect(output.empty).toBe(true);
  });

  it('writes one chunk as it is, and text alone as Latin-1', () => {
    const out = sink();
    const output = new Output(out);
    output.bytes(Buffer.from('chunk'));
    output.flush();
    output.text('\u00e9');
    output.flush();
    expect(out.writes).toEqual(['chunk', '\u00e9']);
  });

  it('does not copy what is large: each piece by itself, corked', () => {
    const out = sink();
    const output = new Output(out);
    output.text('head');
    output.bytes(Buffer.alloc(20_000));
    output.flush();
    output.text('1');
    output.bytes(Buffer.alloc(20_000));
    output.text('2');
    output.flush();
    expect(out.writes).toEqual(['corked head', 'corked 20000', 'corked 1', 'corked 20000', 'corked 2']);
  });

  it('knows what has not gone, holds the delivery it was written in, and says when all has', () => {
    const out = sink(true);
    let drained = 0;
    const output = new Output(out, () => drained++);
    const released: string[] = [];
    deliver(
      {
        next: () => {
          output.text('abc');
          output.flush();
        },
      },
      'value',
      (value) => released.push(value),
    );
    expect([output.unsent, released, drained]).toEqual([3, [], 0]);
    out.releases[0]?.();
    expect([output.unsent, released, drained]).toEqual([0, ['value'], 1]);
  });
});
