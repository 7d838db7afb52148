import { filter, type Observable, type ObservableInput, takeUntil } from 'rxjs';
import { fromReadable, type ReadableLike } from '../../operators/core/from-readable.js';
import { pullIterable } from '../../operators/core/pull.js';
import type { WebSocketSubject } from '../connections/web-socket-subject.js';

/** What is to be sent; what can be pulled is pulled as it leaves, and no longer than that. */
export function pulled<In, Out>(source: ObservableInput<Out>, socket: WebSocketSubject<In, Out>): ObservableInput<Out> {
  const leaves = socket.state$.pipe(filter(({ state }) => state !== 'open'));
  return pull(source)?.pipe(takeUntil(leaves)) ?? source;
}

function pull<Out>(source: ObservableInput<Out>): Observable<Out> | undefined {
  if (typeof source !== 'object' || 'subscribe' in source || 'then' in source) return undefined;
  if ('getReader' in source || Symbol.asyncIterator in source) return fromReadable(source as ReadableLike<Out>);
  return Symbol.iterator in source ? pullIterable(source) : undefined;
}
