/** The `priority` field value, also the payload of PRIORITY_UPDATE (RFC 9218 §4, §5). */
import { parseDictionary } from './structured-dictionary.js';

/** How soon, and whether in turns. */
export interface Priority {
  /** 0 (first) to 7 (last). */
  readonly urgency: number;
  /** Its pieces are of use before the whole is there: it takes turns with others of its urgency. */
  readonly incremental: boolean;
}

/** What holds where nothing is said. */
const DEFAULT_PRIORITY: Priority = Object.freeze({ urgency: 3, incremental: false });

/**
 * Reads a priority. What is missing, unknown, out of range or no dictionary at all counts as not said: there is no error.
 *
 * @example
 * ```ts
 * import { parsePriorityField } from 'rxweir/operators';
 * parsePriorityField('u=1, i'); // { urgency: 1, incremental: true }
 * ```
 */
export function parsePriorityField(value: string): Priority {
  const members = parseDictionary(value);
  const urgency = members?.get('u');
  const incremental = members?.get('i');
  const usable = typeof urgency === 'number' && urgency >= 0 && urgency <= 7;
  return {
    urgency: usable ? Math.abs(urgency) : DEFAULT_PRIORITY.urgency, // -0 is 0
    incremental: typeof incremental === 'boolean' ? incremental : DEFAULT_PRIORITY.incremental,
  };
}

/** A priority as a field value; what is default is not written. */
export function formatPriorityField({ urgency, incremental }: Priority): string {
  const parts: string[] = [];
  if (urgency !== DEFAULT_PRIORITY.urgency) parts.push(`u=${urgency}`);
  if (incremental) parts.push('i');
  return parts.join(', ');
}
