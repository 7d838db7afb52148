import type { ObservableInput } from 'rxjs';
import type { WebSocketMessage } from '../../operators/websocket/message.js';
import type { ServerHandshakeConfig } from '../../operators/websocket/server-handshake.js';
import type { WebSocketOptions } from '../connections/web-socket-options.js';
import type { WebSocketSubject } from '../connections/web-socket-subject.js';

/** Which handshakes are accepted, and the limits of the connection. Without `deflate` nothing is compressed. */
export interface AcceptWebSocketConfig<In = WebSocketMessage, Out = WebSocketMessage>
  extends ServerHandshakeConfig, Omit<WebSocketOptions<In, Out>, 'deflate'> {}

/** Gets the open socket. What it returns is sent, and the socket is closed with it: with 1000, or 1011 if it fails. */
export type WebSocketHandler<In = WebSocketMessage, Out = WebSocketMessage> = (
  socket: WebSocketSubject<In, Out>,
) => ObservableInput<Out> | void;
