import { join } from 'node:path';
import { buildIfStale } from './build-if-stale.mjs';
import { withLock } from './lock.js';

/** Resolves to the project root once dist/ is up to date: for tests that run the package as its users get it. */
export async function builtPackage(): Promise<string> {
  await withLock('build', 120_000, buildIfStale);
  return join(import.meta.dirname, '..', '..');
}
