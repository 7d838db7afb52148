import type { WebSocketMessage } from '../../operators/websocket/message.js';
import type { WebSocketSubject } from '../connections/web-socket-subject.js';
import { request } from './request.js';
import type { WebSocketConfig } from './web-socket-config.js';
import { webSocketOver } from './web-socket-over.js';

/**
 * A WebSocket as a Subject in RxJS's habit: subscribing connects, `next` sends, `complete`, `error` and unsubscribing close.
 * Text is a string, binary a `Uint8Array`; a `serializer` and a `deserializer` make it something else. Reconnecting is
 * `retry` and `repeat`, with `state$` telling of it.
 *
 * The opening handshake is a request of the default client, with its options: TLS, proxies, redirects.
 *
 * Errors: those of `request` and of {@link WebSocketSubject}; `ProtocolError` `HANDSHAKE_REFUSED`, with status and fields of the
 * response as its cause, `BAD_HANDSHAKE`; `TimeoutError` `TIMEOUT_SETUP`. Throws `UsageError` `INVALID_OPTION`, `INVALID_LIMIT`,
 * `INVALID_TIMEOUT`. RFC 6455, 7692, 8441.
 *
 * @example
 * ```ts
 * import { webSocket } from 'rxweir';
 * const socket = webSocket('ws://127.0.0.1:8080/echo');
 * socket.subscribe((message) => {
 *   console.log(message);
 *   socket.complete();
 * });
 * socket.next('hello'); // waits until it is open
 * ```
 */
export function webSocket<In = WebSocketMessage, Out = In>(
  input: string | URL | WebSocketConfig<In, Out>,
): WebSocketSubject<In, Out> {
  return webSocketOver<In, Out>(request, input);
}
