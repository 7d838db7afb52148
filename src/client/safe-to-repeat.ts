import { isUnprocessed } from '../../operators/http2/http2-error.js';
import type { OutboundRequest } from './lease.js';
import type { PreparedRequest } from './prepared-request.js';

/**
 * Whether sending a request again after an error is safe without asking: the server has said that it has not looked at it, or the
 * connection may have died idle, before the server saw it.
 *
 * @param reused the connection had carried requests before
 */
export function isSafeToRepeat(
  error: unknown,
  request: PreparedRequest,
  outbound: OutboundRequest | undefined,
  reused: boolean,
): boolean {
  if (outbound?.answered !== false) return false;
  return isUnprocessed(error) ? request.plan?.replayable !== false : reused && request.repeatable;
}
