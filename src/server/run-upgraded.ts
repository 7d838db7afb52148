import { from } from 'rxjs';
import type { ServerResponse, UpgradedSocket } from './server-response.js';

/**
 * Hands a socket that has left HTTP to the handler; it is ended with the Observable the handler returns, if it does. A byte stream
 * that was given instead becomes its peer.
 */
export function runUpgraded(
  { upgraded }: ServerResponse,
  socket: UpgradedSocket,
  failed: (error: unknown) => void,
): void {
  const fail = (error: unknown): void => {
    failed(error);
    socket.error(error);
  };
  try {
    if (typeof upgraded === 'object') {
      socket.subscribe(upgraded);
      upgraded.subscribe(socket);
      return;
    }
    const work = upgraded?.(socket);
    if (work) from(work).subscribe({ error: fail, complete: () => socket.complete() });
  } catch (error) {
    fail(error);
  }
}
