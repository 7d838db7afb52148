import { describe, expect, it } from 'vitest';
import { SpareDescriptors } from '../../../src/sockets/spare-descriptors.js';

function spare(config: { limit?: number; spare?: number } = {}): {
  at: (now: number, fd?: number) => boolean;
  log: string[];
} {
  let now = 0;
  const log: string[] = [];
  const descriptors = new SpareDescriptors({
    ...config,
    now: () => now,
    report: ({ code, message }) => log.push(`${now} ${code} ${message.split(' ')[0]}`),
  });
  return {
    log,
    at: (time, fd) => {
      now = time;
      return descriptors.takenBy(fd);
    },
  };
}

describe('SpareDescriptors', () => {
  it.each([
    [{ limit: 64 }, 56],
    [{ limit: 1024 }, 992],
    [{ limit: 65_536 }, 65_504],
    [{ limit: 64, spare: 1 }, 63],
  ])('of %j the first that is spared is %i', (config, first) => {
    const { at, log } = spare(config);
    expect([at(0, first - 1), at(0, first)]).toEqual([false, true]);
    expect(log).toEqual(['0 EMFILE 1']);
  });

  it('none where none are to be, and where it is not known how many there are, or which one it is', () => {
    expect(spare({ limit: 64, spare: 0 }).at(0, 63)).toBe(false);
    expect(spare({ limit: Infinity }).at(0, 1_000_000)).toBe(false);
    expect(spare({ limit: 64 }).at(0, undefined)).toBe(false);
    expect(spare({ limit: 64 }).at(0, -1)).toBe(false);
  });

  it('knows the limit of the process', () => {
    const known = process.platform === 'linux';
    expect(spare().at(0, 2 ** 31)).toBe(known);
  });

  it('reports the first, then after ever longer quiet, with how many there were; after a long one anew', () => {
    const { at, log } = spare({ limit: 64 });
    for (let now = 0; now <= 200_000; now += 100) at(now, 63);
    const told = '0:1 1000:10 3000:20 7000:40 15000:80 31000:160 63000:320 123000:600 183000:600';
    expect(log).toEqual(told.split(' ').map((entry) => entry.replace(':', ' EMFILE ')));
    log.length = 0;
    at(303_100, 63);
    at(304_000, 63);
    at(304_100, 63);
    expect(log).toEqual(['303100 EMFILE 171', '304100 EMFILE 2']);
  });
});
