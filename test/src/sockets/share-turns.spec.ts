import { describe, expect, it } from 'vitest';
import { hadItsShare, type TurnReader } from '../../../src/sockets/share-turns.js';
import { connected, Reader, turns, until } from './harness.js';

const FULL = 65_536;

/** Counts how often it may read on. */
class Counter implements TurnReader {
  turn = -1;
  times = 0;

  readOn(): void {
    this.times++;
  }
}

describe('a turn of the event loop', () => {
  it('is shared: who gave a full read waits for the next one, where others are read too', async () => {
    await turns();
    const [greedy, other] = [new Counter(), new Counter()];
    expect(hadItsShare(greedy, FULL)).toBe(false); // alone, as far as can be seen
    expect(hadItsShare(other, 10)).toBe(false); // has no more
    expect(hadItsShare(greedy, FULL)).toBe(true);
    expect(greedy.times).toBe(0);
    await turns(1);
    expect([greedy.times, other.times]).toEqual([1, 0]);
    expect(hadItsShare(greedy, FULL)).toBe(true); // the other was there a turn ago
    await turns(1);
    expect(hadItsShare(greedy, FULL)).toBe(false); // and is there no more
    expect(greedy.times).toBe(2);
  });

  it('is not for one connection alone', async () => {
    await turns();
    const only = new Counter();
    for (let i = 0; i < 5; i++) {
      for (let read = 0; read < 32; read++) expect(hadItsShare(only, FULL)).toBe(false);
      await turns(1);
    }
    expect(only.times).toBe(0);
  });
});

describe('connections that are sent much at once', () => {
  it('all get all of it, in order, however they are held meanwhile', async () => {
    const pairs = await Promise.all([1, 2, 3].map(() => connected({}, {})));
    const size = 24 * FULL + 7;
    const sent = Uint8Array.from({ length: size }, (_, i) => (i * 31) % 251);
    const seen = pairs.map(() => Buffer.alloc(size));
    const readers = pairs.map(([, server], i) => {
      let at = 0;
      return new Reader(server, (chunk) => {
        (seen[i] as Buffer).set(chunk, at);
        at += chunk.length;
      });
    });
    for (const [client] of pairs) {
      client.next(sent);
      client.complete();
    }
    await until(() => readers.every(({ ended }) => ended));
    for (const [i, { bytes }] of readers.entries()) {
      expect(bytes).toBe(size);
      expect((seen[i] as Buffer).equals(sent), `connection ${i}`).toBe(true);
    }
  });
});
