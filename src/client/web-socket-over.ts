import { asyncScheduler, type SchedulerLike } from 'rxjs';
import type { WebSocketMessage } from '../../operators/websocket/message.js';
import { WebSocketLane } from '../connections/web-socket-lane.js';
import { resolveWebSocketOptions } from '../connections/web-socket-options.js';
import { WebSocketSubject } from '../connections/web-socket-subject.js';
import type { WebSocketConfig } from './web-socket-config.js';
import { type MakeRequest, openWebSocket } from './web-socket-opening.js';

/**
 * A WebSocket whose opening handshake is a request made this way.
 *
 * @param clock the client's
 * @throws UsageError `INVALID_OPTION`, `INVALID_LIMIT`, `INVALID_TIMEOUT`
 */
export function webSocketOver<In = WebSocketMessage, Out = In>(
  request: MakeRequest,
  input: string | URL | WebSocketConfig<In, Out>,
  clock: SchedulerLike = asyncScheduler,
): WebSocketSubject<In, Out> {
  const given = typeof input === 'string' || input instanceof URL ? { url: input } : input;
  const config = { ...given, scheduler: given.scheduler ?? clock };
  const options = resolveWebSocketOptions(config);
  const lane = new WebSocketLane(options, openWebSocket(config, request, config.scheduler));
  return new WebSocketSubject<In, Out>(lane, { url: String(config.url) });
}
