import type { WebSocketMessage } from '../../operators/websocket/message.js';
import { answerHandshake } from '../../operators/websocket/server-handshake.js';
import { WebSocketLane } from '../connections/web-socket-lane.js';
import { resolveWebSocketOptions } from '../connections/web-socket-options.js';
import { WebSocketSubject } from '../connections/web-socket-subject.js';
import type { AcceptWebSocketConfig, WebSocketHandler } from './accept-web-socket-config.js';
import { AcceptedWebSocket } from './accepted-web-socket.js';
import type { ServerRequest } from './server-request.js';
import type { ServerResponse } from './server-response.js';

/**
 * Answers the opening handshake of a WebSocket, over HTTP/1 (Upgrade) or HTTP/2 (extended CONNECT): the response to return
 * from a handler of `serve`. Accepted, `handler` gets the open socket.
 *
 * Refused are, with 403, pages of another host unless `origin` lets them in; with 426, 405 or 400, what is no handshake of
 * version 13. Nothing is compressed unless `deflate` is set. When the server closes, the socket is closed with 1001.
 *
 * Throws `UsageError` `INVALID_OPTION`, `INVALID_LIMIT`, `INVALID_TIMEOUT`, `INVALID_SUBPROTOCOL`, `INVALID_DEFLATE_CONFIG`. RFC 6455, 7692, 8441.
 *
 * @example
 * ```ts
 * import { acceptWebSocket, serve } from 'rxweir';
 * serve({ port: 8080 }, (request) => acceptWebSocket(request, { protocols: ['echo'] }, (socket) => socket)).subscribe();
 * ```
 */
export function acceptWebSocket<In = WebSocketMessage, Out = In>(
  request: ServerRequest,
  config: AcceptWebSocketConfig<In, Out>,
  handler: WebSocketHandler<In, Out>,
): ServerResponse {
  const options = resolveWebSocketOptions(config);
  if (hasBody(request)) return { status: 400, body: 'a request that opens a WebSocket has no body\n' };
  const { method, target, version, authority, fields, upgrade } = request;
  const answer = answerHandshake({ version, method, authority, fields, protocol: upgrade }, config);
  const { agreement, error } = answer;
  if (agreement === undefined) return { status: answer.status, fields: answer.fields, body: `${error?.message}\n` };
  const { protocol, deflate } = agreement;
  const status = {
    state: 'open' as const,
    protocol,
    compressed: deflate !== undefined,
    version: version === '2' ? ('2' as const) : ('1.1' as const),
    fields,
    connection: request.connection,
  };
  return {
    status: answer.status,
    fields: answer.fields,
    upgraded: (socket) => {
      const lane = new WebSocketLane(options);
      lane.accept({ role: 'server', socket, deflate, status });
      const accepted = new AcceptedWebSocket(lane, status.connection);
      return accepted.run(new WebSocketSubject<In, Out>(lane, { url: target }), handler);
    },
  };
}

function hasBody({ version, fields }: ServerRequest): boolean {
  if (version === '2') return false; // the DATA of a CONNECT is the WebSocket
  const length = fields.get('content-length');
  return fields.has('transfer-encoding') || (length !== undefined && Number(length) > 0);
}
