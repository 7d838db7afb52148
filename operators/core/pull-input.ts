import type { Observable, ObservableInput } from 'rxjs';
import { fromReadable, type ReadableLike } from './from-readable.js';
import { pullIterable } from './pull.js';

/** Streams and iterables as sources that are asked for each value; undefined for what pushes. Told by what they can do, not by class. */
export function pullInput<T>(input: ObservableInput<T>): Observable<T> | undefined {
  if (typeof input !== 'object' || 'subscribe' in input || 'then' in input) return undefined;
  if ('getReader' in input || Symbol.asyncIterator in input) return fromReadable(input as ReadableLike<T>);
  return Symbol.iterator in input ? pullIterable(input) : undefined;
}
