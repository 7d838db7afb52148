import { describe, expect, it } from 'vitest';
import { Pings } from '../../../operators/http2/pings.js';
import { thrown, toHex } from './frames.js';

describe('Pings', () => {
  it('tells each answer apart by its payload, in whatever order they come', () => {
    const pings = new Pings();
    const answered: string[] = [];
    const [a, b, c] = ['a', 'b', 'c'].map((name) => pings.add(() => answered.push(name))) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    expect(new Set([a, b, c].map(toHex)).size).toBe(3);
    expect([pings.acknowledge(b), pings.acknowledge(a), pings.size]).toEqual([true, true, 1]);
    expect(answered).toEqual(['b', 'a']);
    expect(pings.acknowledge(Uint8Array.from(c))).toBe(true);
    expect(pings.acknowledge(c)).toBe(false);
    expect(answered).toEqual(['b', 'a', 'c']);
  });

  it('takes an answer to nothing for what it is', () => {
    const pings = new Pings();
    pings.add(() => expect.fail());
    expect(pings.acknowledge(new Uint8Array(8))).toBe(false);
    expect(pings.size).toBe(1);
    pings.clear();
    expect(pings.size).toBe(0);
  });

  it('bounds those that are outstanding', () => {
    const pings = new Pings();
    for (let i = 0; i < 64; i++) pings.add(() => undefined);
    expect(thrown(() => pings.add(() => undefined))).toBe('usage PING_LIMIT');
  });

  it('may be asked again from an answer', () => {
    const pings = new Pings();
    let second: Uint8Array | undefined;
    const first = pings.add(() => {
      second = pings.add(() => undefined);
    });
    pings.acknowledge(first);
    expect([pings.size, pings.acknowledge(second as Uint8Array)]).toEqual([1, true]);
  });
});
