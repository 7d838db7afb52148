import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { MemoryLedger } from '../../../operators/http2/ledger.js';
import { thrown } from './frames.js';

describe('MemoryLedger', () => {
  it('charges at least 256 bytes an item, up to its limit exactly', () => {
    const ledger = new MemoryLedger(1000);
    expect([ledger.charge(0), ledger.charge(256), ledger.charge(488)]).toEqual([256, 256, 488]);
    expect(thrown(() => ledger.charge(0))).toBe('connection ENHANCE_YOUR_CALM 11 maxConnectionMemory');
    expect([ledger.charged, ledger.items, ledger.peak]).toEqual([1000, 3, 1000]);
  });

  it('C11: a 64 KiB window of 1-byte DATA, never read, reaches the limit', () => {
    const ledger = new MemoryLedger();
    expect(
      thrown(() => {
        for (let i = 0; i < 65_535; i++) ledger.charge(1);
      }),
    ).toMatch(/ENHANCE_YOUR_CALM/);
    expect(ledger.charged).toBeLessThanOrEqual(8 * 2 ** 20);
  });

  it('charges an item for each of the pieces it came in', () => {
    const ledger = new MemoryLedger(1000);
    expect([ledger.charge(3, 3), ledger.items]).toEqual([768, 1]);
    expect(thrown(() => ledger.release(3, 4))).toBe('usage LEDGER_UNDERFLOW');
    ledger.release(3, 3);
    expect([ledger.charge(900, 3), ledger.charged]).toEqual([900, 900]);
  });

  it('refuses to release what was not charged', () => {
    const ledger = new MemoryLedger();
    expect(thrown(() => ledger.release(1))).toBe('usage LEDGER_UNDERFLOW');
    ledger.charge(1);
    expect(thrown(() => ledger.release(300))).toBe('usage LEDGER_UNDERFLOW');
  });

  test.prop([fc.array(fc.nat(2000), { maxLength: 50 })])('stands at 0 when all is released', (sizes) => {
    const ledger = new MemoryLedger();
    for (const size of sizes) ledger.charge(size);
    for (const size of sizes.reverse()) ledger.release(size);
    expect([ledger.charged, ledger.items]).toEqual([0, 0]);
  });
});
