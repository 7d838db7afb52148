import { Subscriber } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver, hold } from '../../../operators/core/deliver.js';
import { GivenBack } from '../../../src/sockets/given-back.js';

describe('what a reader gives back', () => {
  it('keeps the credit of its delivery until the reader after it has let go', () => {
    const log: string[] = [];
    let given: GivenBack | undefined;
    let release: (() => void) | undefined;
    const source = { next: (chunk: Uint8Array) => (given = new GivenBack(chunk.subarray(1))) };
    deliver(source, Uint8Array.of(1, 2), () => log.push('released'));
    expect([log, [...(given?.bytes ?? [])]]).toEqual([[], [2]]);
    const reader = new Subscriber<Uint8Array>({
      next: (chunk: Uint8Array) => {
        log.push(`read ${chunk.join()}`);
        release = hold();
      },
    } as never);
    given?.deliver(reader);
    expect(log).toEqual(['read 2']);
    release?.();
    expect(log).toEqual(['read 2', 'released']);
  });
});
