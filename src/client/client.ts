import type { Observable } from 'rxjs';
import type { WebSocketMessage } from '../../operators/websocket/message.js';
import type { WebSocketSubject } from '../connections/web-socket-subject.js';
import type { ClientStats } from './client-stats.js';
import type { connect } from './connect.js';
import type { ClientEvent, ExchangeEvent } from './exchange-event.js';
import type { RequestConfig } from './request-config.js';
import type { Response } from './response.js';
import type { WebSocketConfig } from './web-socket-config.js';

/** A pool of connections and the requests made over it. */
export interface Client {
  /**
   * A request, cold: subscribing sends it, unsubscribing before the head cancels it. Emits one {@link Response} and
   * completes; the body owns the rest.
   */
  request(input: string | URL | RequestConfig): Observable<Response>;
  /** The same exchange as one stream of everything that happens; it owns the body too. Unsubscribing cancels. */
  requestEvents(input: string | URL | RequestConfig): Observable<ExchangeEvent>;
  /** A WebSocket opened by a request of this client; see `webSocket`. */
  webSocket<In = WebSocketMessage, Out = In>(input: string | URL | WebSocketConfig<In, Out>): WebSocketSubject<In, Out>;
  /** One connection to drive by hand, outside the pool, with this client's options where `config` has none; see `connect`. */
  readonly connect: typeof connect;
  /** Subscribing refuses further requests and closes idle connections; emits and completes when the last exchange is over. */
  close(): Observable<void>;
  /** Now, and every second of the scheduler: pool, queue, held bytes, and who is being waited for. */
  readonly stats$: Observable<ClientStats>;
  /** What happens beside the answers: cancellations and what they did, retries, stalls over a second. */
  readonly events$: Observable<ClientEvent>;
}
