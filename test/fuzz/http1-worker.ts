/** Runs seeds one after the other, telling which one it is at, so that one that hangs is known. */
import { parentPort, workerData } from 'node:worker_threads';
import { check } from './http1-target.js';

export interface FuzzJob {
  readonly first: number;
  readonly runs: number;
  readonly response: boolean;
  /** One element: the seed at work. */
  readonly at: Int32Array;
}

const SLOW = 50;
const { first, runs, response, at } = workerData as FuzzJob;

/** The best of several times, so that a busy machine does not look like a slow parser. Milliseconds. */
function leastTime(seed: number): number {
  let least = Infinity;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    check(seed, response);
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

function fault(seed: number): string | undefined {
  try {
    const start = performance.now();
    const found = check(seed, response);
    if (performance.now() - start < SLOW) return found;
    const least = leastTime(seed);
    return least < SLOW ? found : `takes ${least} ms`;
  } catch (error) {
    return `throws ${(error as Error).stack}`;
  }
}

const faults: string[] = [];
for (let seed = first; seed < first + runs && faults.length < 5; seed++) {
  Atomics.store(at, 0, seed);
  const found = fault(seed);
  if (found !== undefined) faults.push(`seed ${seed}: ${found}`);
}
parentPort?.postMessage(faults);
