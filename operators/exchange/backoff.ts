import { LONGEST_WAIT } from '../core/longest-wait.js';
import { UsageError } from '../core/protocol-error.js';

export interface BackoffConfig {
  /** Milliseconds before the first retry; each further wait is twice as long. Default 100. */
  readonly delay?: number;
  /** The longest wait, in milliseconds. Default 30 000. */
  readonly maxDelay?: number;
  /**
   * Numbers from 0 to below 1, such as `Math.random`: each wait is then somewhere between 0 and the whole, so that clients which
   * failed together do not come back together. Without it there is no jitter.
   */
  readonly random?: (() => number) | undefined;
}

const DELAY = 100;
const MAX_DELAY = 30_000;

/** Milliseconds to wait before retry number `retry`, from 1 on. */
export function backoff(retry: number, { delay = DELAY, maxDelay = MAX_DELAY, random }: BackoffConfig): number {
  if (!(delay >= 0) || !(maxDelay >= 0)) throw new UsageError('INVALID_OPTION', 'delay: not a number of milliseconds');
  const whole = Math.min(maxDelay, LONGEST_WAIT, delay * 2 ** Math.min(retry - 1, 64));
  return random === undefined ? whole : whole * random();
}
