import { from, type Observable, type ObservableInput, type Observer, Subject } from 'rxjs';
import { Feed } from '../../operators/core/feed.js';
import { CloseCode } from '../../operators/websocket/close-code.js';
import { type Leaving, stays, whenGoingAway } from '../connections/web-socket-going-away.js';
import type { LaneOwner, WebSocketLane } from '../connections/web-socket-lane.js';
import type { WebSocketSubject } from '../connections/web-socket-subject.js';
import type { SocketInfo } from '../sockets/byte-duplex.js';
import type { WebSocketHandler } from './accept-web-socket-config.js';
import { pulled } from './accept-web-socket-source.js';

/** A server's socket, for whoever accepted it: closed when the server closes, and its handler's work followed to its end. */
export class AcceptedWebSocket implements LaneOwner, Leaving {
  readonly #lane: WebSocketLane;
  readonly #connection: SocketInfo;
  #work: HandlerWork | undefined = undefined;

  constructor(lane: WebSocketLane, connection: SocketInfo) {
    this.#lane = lane;
    this.#connection = connection;
    lane.owner = this;
  }

  /** Returns nothing, or what completes when the socket has come to its end, and fails where the handler did. */
  run<In, Out>(socket: WebSocketSubject<In, Out>, handler: WebSocketHandler<In, Out>): Observable<never> | void {
    whenGoingAway(this.#connection, this);
    try {
      const messages = handler(socket);
      if (messages) {
        this.#work = new HandlerWork(this.#lane);
        this.#work.start(pulled(messages, socket));
      }
    } catch (error) {
      this.#work ??= new HandlerWork(this.#lane);
      this.#work.error(error);
    }
    return this.#work?.ended$;
  }

  /** The server closes. */
  leave(): void {
    this.#lane.close(CloseCode.GOING_AWAY, '');
  }

  closed(): void {
    this.#work?.stop();
  }

  /** Both directions of the connection have ended. */
  gone(): void {
    stays(this.#connection, this);
    this.#work?.gone();
  }
}

/** What a handler has returned, at work: it is sent, and the socket closed with it. */
class HandlerWork implements Observer<unknown> {
  readonly ended$ = new Subject<never>();
  readonly #lane: WebSocketLane;
  readonly #feed = new Feed<unknown>(this);
  #failure: { readonly error: unknown } | undefined = undefined;

  constructor(lane: WebSocketLane) {
    this.#lane = lane;
  }

  start(messages: ObservableInput<unknown>): void {
    if (this.#lane.status?.state === 'closed') return;
    from(messages).subscribe(this.#feed);
  }

  /** The socket is closed. */
  stop(): void {
    this.#feed.unsubscribe();
  }

  next(message: unknown): void {
    this.#lane.next(message);
  }

  error(error: unknown): void {
    if (!this.#lane.active) return; // it has only passed on how the socket ended
    this.#failure = { error };
    this.#lane.fail(error);
  }

  complete(): void {
    this.#lane.complete();
  }

  /** Both directions of the connection have ended. */
  gone(): void {
    this.stop();
    if (this.#failure !== undefined) this.ended$.error(this.#failure.error);
    else this.ended$.complete();
  }
}
