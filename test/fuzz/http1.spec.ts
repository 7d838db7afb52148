/**
 * Random bytes into the HTTP/1 decoders, in a worker under a watchdog: nothing but a ProtocolError is thrown, nothing hangs
 * or is slow, nothing piles up, and however the bytes are cut the outcome is the same. A failure names its seed.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { transpiled } from './transpiled.mjs';
import type { FuzzJob } from './http1-worker.js';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 15_000);
const FIRST = Number(process.env['FUZZ_SEED'] ?? 1);
/** Without progress for as long as this, a run hangs. Milliseconds. */
const PATIENCE = 10_000;

let root: string;

beforeAll(() => {
  root = transpiled([
    'operators/core',
    'operators/http',
    'operators/http1',
    'test/fuzz',
    'test/conformance',
    'test/support',
  ]);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('fuzz', () => {
  it.each([
    ['RequestDecoder', false],
    ['ResponseDecoder', true],
  ])(
    '%s',
    async (_name, response) => {
      expect(await run(response)).toEqual([]);
    },
    600_000,
  );
});

async function run(response: boolean): Promise<string[]> {
  const at = new Int32Array(new SharedArrayBuffer(4));
  const job: FuzzJob = { first: FIRST, runs: RUNS, response, at };
  const worker = new Worker(join(root, 'test/fuzz/http1-worker.js'), { workerData: job });
  let seen = -1;
  let since = Date.now();
  try {
    return await new Promise<string[]>((resolve, reject) => {
      const watchdog = setInterval(() => {
        const seed = Atomics.load(at, 0);
        if (seed !== seen) {
          seen = seed;
          since = Date.now();
        } else if (Date.now() - since > PATIENCE) {
          clearInterval(watchdog);
          resolve([`seed ${seed}: hangs`]);
        }
      }, 100);
      worker.once('message', (faults: string[]) => {
        clearInterval(watchdog);
        resolve(faults);
      });
      worker.once('error', (error) => {
        clearInterval(watchdog);
        reject(error);
      });
    });
  } finally {
    await worker.terminate();
  }
}
