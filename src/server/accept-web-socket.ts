import { type Observable, ReplaySubject, Subscription } from 'rxjs';
import { CloseCode } from '../../operators/websocket/close-code.js';
import type { WebSocketMessage } from '../../operators/websocket/message.js';
import { answerHandshake } from '../../operators/websocket/server-handshake.js';
import { stays, whenGoingAway } from '../connections/web-socket-going-away.js';
import { WebSocketLane } from '../connections/web-socket-lane.js';
import { resolveWebSocketOptions } from '../connections/web-socket-options.js';
import { WebSocketSubject } from '../connections/web-socket-subject.js';
import type { AcceptWebSocketConfig, WebSocketHandler } from './accept-web-socket-config.js';
import { sendAll } from './accept-web-socket-source.js';
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
  const { method, version, authority, fields, upgrade } = request;
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
      return run(lane, new WebSocketSubject<In, Out>(lane, { url: request.target }), handler);
    },
  };
}

/** Returns nothing, or what completes when the socket has come to its end, and fails where the handler did. */
function run<In, Out>(
  lane: WebSocketLane,
  socket: WebSocketSubject<In, Out>,
  handler: WebSocketHandler<In, Out>,
): Observable<never> | void {
  const { status } = lane;
  const connection = status?.state === 'open' ? status.connection : undefined;
  const leave = (): void => lane.close(CloseCode.GOING_AWAY, '');
  let work: HandlerWork | undefined;
  lane.whenGone = () => {
    if (connection !== undefined) stays(connection, leave);
    work?.gone();
  };
  if (connection !== undefined) whenGoingAway(connection, leave);
  try {
    const messages = handler(socket);
    if (messages) {
      work = new HandlerWork(lane);
      work.start(sendAll(messages, socket, (error) => work?.failed(error)));
    }
  } catch (error) {
    work = new HandlerWork(lane);
    work.failed(error);
  }
  return work?.ended$;
}

/** What a handler has returned, at work. */
class HandlerWork {
  readonly ended$ = new ReplaySubject<never>(1);
  readonly #lane: WebSocketLane;
  readonly #running = new Subscription();
  #failure: { readonly error: unknown } | undefined = undefined;

  constructor(lane: WebSocketLane) {
    this.#lane = lane;
  }

  start(sending: Subscription): void {
    this.#running.add(sending);
    this.#running.add(
      this.#lane.status$.subscribe(({ state }) => {
        if (state === 'closed') this.#running.unsubscribe();
      }),
    );
  }

  failed(error: unknown): void {
    if (!this.#lane.active) return; // it has only passed on how the socket ended
    this.#failure = { error };
    this.#lane.fail(error);
  }

  /** Both directions of the connection have ended. */
  gone(): void {
    this.#running.unsubscribe();
    if (this.#failure !== undefined) this.ended$.error(this.#failure.error);
    else this.ended$.complete();
  }
}

function hasBody({ version, fields }: ServerRequest): boolean {
  if (version === '2') return false; // the DATA of a CONNECT is the WebSocket
  const length = fields.get('content-length');
  return fields.has('transfer-encoding') || (length !== undefined && Number(length) > 0);
}
