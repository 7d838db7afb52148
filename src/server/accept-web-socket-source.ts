import { filter, type ObservableInput, takeUntil } from 'rxjs';
import { pullInput } from '../../operators/core/pull-input.js';
import type { WebSocketSubject } from '../connections/web-socket-subject.js';

/** What is to be sent; what can be pulled is pulled as it leaves, and no longer than that. */
export function pulled<In, Out>(source: ObservableInput<Out>, socket: WebSocketSubject<In, Out>): ObservableInput<Out> {
  const leaves = socket.state$.pipe(filter(({ state }) => state !== 'open'));
  return pullInput(source)?.pipe(takeUntil(leaves)) ?? source;
}
