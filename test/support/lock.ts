import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const YOUNG = 2_000;

/**
 * Runs `task` while no other process on this machine runs one under the same name.
 * A lock whose owner has died is taken over. Rejects after `patience` milliseconds of waiting.
 */
export async function withLock<T>(name: string, patience: number, task: () => T | Promise<T>): Promise<T> {
  const lock = join(tmpdir(), `rxweir-${name}.lock`);
  const deadline = Date.now() + patience;
  while (!take(lock)) {
    if (isAbandoned(lock)) rmSync(lock, { recursive: true, force: true });
    else if (Date.now() > deadline) throw new Error(`waited ${patience} ms for ${lock}`);
    else await sleep(100);
  }
  try {
    return await task();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function take(lock: string): boolean {
  try {
    mkdirSync(lock);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(lock, 'pid'), String(process.pid));
  return true;
}

function isAbandoned(lock: string): boolean {
  try {
    const owner = Number(readFileSync(join(lock, 'pid'), 'utf8'));
    return owner > 0 ? !isAlive(owner) : false;
  } catch {
    // No pid inside: either it was taken this very moment, or its owner died before it could write.
    const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
    return made !== undefined && Date.now() - made > YOUNG;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
