import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { NetworkError } from '../../operators/core/protocol-error.js';

/** At most so many are spared by default, and at most this part of what the process may have. */
const MOST_SPARED = 32;
const PART_SPARED = 8;
/** Milliseconds between two reports, at first and in the end: each time twice as many. */
const FIRST_QUIET = 1000;
const LONGEST_QUIET = 60_000;

export interface SpareDescriptorsConfig {
  /** File descriptors that are left to others. Default an eighth of `limit`, at most 32. */
  readonly spare?: number | undefined;
  /** How many this process may have; default what the system says, if it says it. */
  readonly limit?: number | undefined;
  /** Milliseconds. */
  readonly now: () => number;
  readonly report: (error: NetworkError) => void;
}

/**
 * The file descriptors that connections leave to files and to connections of our own. Where a process has none left, libuv
 * accepts and closes what comes without telling anybody, and all else fails too. Descriptors are given out from the lowest
 * free one, so the number of an accepted connection says how many are in use at least.
 */
export class SpareDescriptors {
  readonly #limit: number;
  readonly #first: number;
  readonly #now: () => number;
  readonly #report: (error: NetworkError) => void;
  #refused = 0;
  #quiet = 0;
  #quietUntil = -Infinity;

  constructor({ limit = openFiles(), spare, now, report }: SpareDescriptorsConfig) {
    this.#limit = limit;
    this.#first = limit - (spare ?? Math.min(MOST_SPARED, Math.floor(limit / PART_SPARED)));
    this.#now = now;
    this.#report = report;
  }

  /** Whether the connection with this descriptor is one too many; that is reported, now and then. */
  takenBy(descriptor: number | undefined): boolean {
    if (descriptor === undefined || descriptor < this.#first) return false;
    this.#refused++;
    const now = this.#now();
    if (now < this.#quietUntil) return true;
    const again = now - this.#quietUntil < LONGEST_QUIET;
    this.#quiet = again ? Math.min(2 * this.#quiet, LONGEST_QUIET) : FIRST_QUIET;
    this.#quietUntil = now + this.#quiet;
    const refused = this.#refused;
    this.#refused = 0;
    const text = `${refused} refused: the process has ${this.#limit} file descriptors, and some are for other things`;
    this.#report(new NetworkError('EMFILE', 'listen', text));
    return true;
  }
}

/** Node has no name for it. Undefined where there is none. */
export function descriptorOf(socket: Socket): number | undefined {
  return (socket as { _handle?: { fd?: number } | null })._handle?.fd;
}

/** The soft limit, where the system has a file that says it. */
function openFiles(): number {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? Infinity);
  } catch {
    return Infinity;
  }
}
