// Attackers bring machines of their own. On this one they are to have the processor time that others leave, and no more: the lowest
// priority does not see to that, since whoever has it still finishes its slice of time before somebody else who wakes is let on.
import { spawnSync } from 'node:child_process';
import { constants, setPriority } from 'node:os';

/** This process, all its threads, in the scheduling class for what may wait; at the lowest priority where the system has none. */
export function takeLeftoverTime() {
  const { status } = spawnSync('chrt', ['--idle', '--all-tasks', '--pid', '0', String(process.pid)]);
  if (status !== 0) setPriority(constants.priority.PRIORITY_LOW);
}
