import type { WebSocketMessage } from '../../operators/websocket/message.js';
import type { WebSocketOptions } from '../connections/web-socket-options.js';
import type { RequestConfig } from './request-config.js';

/** Where to, and how. What is not named here is an option of the request that opens it: TLS, proxy, redirects and the like. */
export interface WebSocketConfig<In = WebSocketMessage, Out = WebSocketMessage>
  extends
    Omit<
      RequestConfig,
      'body' | 'expectContinue' | 'method' | 'priority' | 'scheduler' | 'target' | 'trailers' | 'upgrade' | 'version'
    >,
    WebSocketOptions<In, Out> {
  /** `ws:` or `wss:`; `http:` and `https:` are the same. */
  readonly url: string | URL;
  /** `2` opens it on a connection of HTTP/2, by extended CONNECT, where the server takes that. Default 1.1. */
  readonly version?: '1.1' | '2' | undefined;
  /** Subprotocols to offer, the most wanted first. */
  readonly protocols?: string | readonly string[] | undefined;
  /** Milliseconds from the subscription until it is open, redirects included; 0 is none. Default 10 000. */
  readonly handshakeTimeout?: number | undefined;
}
