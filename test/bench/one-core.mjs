// Whoever only answers or only asks keeps to the first core: the kernel likes to put two processes that wake each other on one
// core, and then what is measured is where it put them. Who is measured may go where it likes.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const mayPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** A program and its arguments, on the first core where there are more and the system can. */
export function onFirstCore(program, args) {
  return mayPin ? ['taskset', ['-c', '0', program, ...args]] : [program, args];
}
