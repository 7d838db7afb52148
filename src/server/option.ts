/** How options of a server are checked. */
import { UsageError } from '../../operators/core/protocol-error.js';

/** True unless told otherwise. @throws `UsageError` `INVALID_OPTION` */
export function flag(name: string, value: boolean | undefined): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw invalid(name, 'true or false');
  return value ?? true;
}

/** @throws `UsageError` `INVALID_OPTION` */
export function atLeast(name: string, value: number | undefined, least: number): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !(value >= least)) throw invalid(name, `a number of at least ${least}`);
  return value;
}

/** A whole number, or Infinity where there is no most. @throws `UsageError` `INVALID_OPTION` */
export function whole(name: string, value: number | undefined, least: number, most = Infinity): number | undefined {
  if (value === undefined) return undefined;
  const fits = typeof value === 'number' && value >= least && value <= most;
  if (!fits || (!Number.isInteger(value) && value !== Infinity)) throw invalid(name, `a whole number from ${least}`);
  return value;
}

export function invalid(name: string, what: string): UsageError {
  return new UsageError('INVALID_OPTION', `${name} is to be ${what}`);
}
