import { filter, from, type Observable, type ObservableInput, type Subscription, takeUntil } from 'rxjs';
import { fromReadable, type ReadableLike } from '../../operators/core/from-readable.js';
import { pullIterable } from '../../operators/core/pull.js';
import type { WebSocketSubject } from '../connections/web-socket-subject.js';

/** Sends all that a source gives, and closes with it. What can be pulled is pulled as it leaves, and no longer than that. */
export function sendAll<In, Out>(
  source: ObservableInput<Out>,
  socket: WebSocketSubject<In, Out>,
  failed: (error: unknown) => void,
): Subscription {
  const pulled = pull(source);
  const leaves = socket.state$.pipe(filter(({ state }) => state !== 'open'));
  return (pulled === undefined ? from(source) : pulled.pipe(takeUntil(leaves))).subscribe({
    next: (value) => socket.next(value),
    error: failed,
    complete: () => socket.complete(),
  });
}

function pull<Out>(source: ObservableInput<Out>): Observable<Out> | undefined {
  if (typeof source !== 'object' || 'subscribe' in source || 'then' in source) return undefined;
  if ('getReader' in source || Symbol.asyncIterator in source) return fromReadable(source as ReadableLike<Out>);
  return Symbol.iterator in source ? pullIterable(source) : undefined;
}
