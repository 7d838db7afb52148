import { Observable } from 'rxjs';
import { type BodySource, planBody } from '../../operators/body/body-source.js';
import { DuplexSubject } from '../../operators/core/duplex-subject.js';
import { pullIterable } from '../../operators/core/pull.js';
import type { WebSocketBody } from '../../operators/websocket/inbound-messages.js';
import type { WebSocketMessage } from '../../operators/websocket/message.js';
import { randomBoundary } from './random-boundary.js';
import type { WebSocketLane } from './web-socket-lane.js';
import { notOpen } from './web-socket-outbox.js';
import type { WebSocketStatus } from './web-socket-status.js';

/** Where a WebSocket leads, or was asked for. */
export interface WebSocketInfo {
  readonly url: string;
}

/**
 * A WebSocket as a Subject: an Observable of the messages that come and an Observer of those to send.
 *
 * ```text
 * subscribe    ^---------------------------!
 * next         a--b-------c
 * state$       (connecting)-(open)---------(closing)-(closed)
 * Observable   --------------x---y--z---
 * ```
 *
 * - Subscribing connects; further subscribers share the connection, each sees every message. When the last one leaves it is
 *   closed with 1000. After its end, subscribing connects anew, so `retry` and `repeat` reconnect. A server's socket is open
 *   when the handler gets it, and never opens again.
 * - It completes where the closing handshake was done, whoever began it and whatever the code; `state$` has the code.
 *   Otherwise it fails.
 * - Messages are deliveries: holding one stops reading before long. `next` inside a delivery holds it until the message has
 *   left, unless `overflow` is to drop; what else may wait, and what becomes of it, is `maxBufferedBytes` and `overflow`. Before the connection is open
 *   messages wait within the same bound; what has not been sent when it ends is dropped. `next` does not throw: what cannot
 *   be sent fails the connection.
 * - `complete` closes with 1000 behind what was sent, `error` with the `code` and `reason` of its argument where it has a code
 *   to send, else it breaks off with 1011.
 *
 * Errors: `ProtocolError` of scope `connection` (`ABNORMAL_CLOSURE` where the connection ended without a Close frame);
 * `TimeoutError` `TIMEOUT_PING`, `TIMEOUT_CLOSE`; `NetworkError`; `UsageError` `SEND_OVERFLOW`, `INVALID_MESSAGE`, `ALREADY_SUBSCRIBED`.
 *
 * RFC 6455.
 */
export class WebSocketSubject<In = WebSocketMessage, Out = In> extends DuplexSubject<In, Out, WebSocketInfo> {
  readonly #lane: WebSocketLane;

  constructor(lane: WebSocketLane, info: WebSocketInfo) {
    super(new Observable((subscriber) => lane.read(subscriber, false)), lane, info);
    this.#lane = lane;
  }

  /** Now, if anything has happened yet, and at each change; across reconnections. */
  get state$(): Observable<WebSocketStatus> {
    return this.#lane.status$;
  }

  /**
   * Messages as streams of their bytes, in place of whole ones, for those larger than memory. `maxMessageSize` holds for these
   * too. Subscribing connects as well.
   */
  get messages(): Observable<WebSocketBody> {
    return new Observable((subscriber) => this.#lane.read(subscriber, true));
  }

  /** Bytes that were sent and have not left: now, at each message that is sent, and when all has left. */
  get bufferedBytes$(): Observable<number> {
    return this.#lane.buffered$;
  }

  /** What `state$` emitted last. */
  get state(): WebSocketStatus | undefined {
    return this.#lane.status;
  }

  /** The subprotocol that was agreed on, or ''. */
  get protocol(): string {
    const { status } = this.#lane;
    return status?.state === 'open' ? status.protocol : '';
  }

  /** Bytes that were sent and have not left. */
  get bufferedBytes(): number {
    return this.#lane.bufferedBytes;
  }

  /** Bytes of messages that came and are queued, or held by consumers. */
  get heldBytes(): number {
    return this.#lane.session?.connection.heldBytes ?? 0;
  }

  /**
   * Closes behind what was sent; nothing happens where there is no connection, nor one on its way.
   *
   * @param code 1000, or 3000 to 4999, or another one that may be sent; without it the Close frame has none
   * @throws UsageError `INVALID_CLOSE_CODE`, `INVALID_CLOSE_REASON`
   */
  close(code?: number, reason = ''): void {
    this.#lane.close(code, reason);
  }

  /** Cold: sends a ping and emits the milliseconds to its pong. Fails with `WEBSOCKET_NOT_OPEN` where none can come. */
  ping(): Observable<number> {
    return new Observable((subscriber) => {
      const { session } = this.#lane;
      if (session === undefined) throw notOpen();
      return session.ping().subscribe(subscriber);
    });
  }

  /**
   * Cold: sends one message in fragments, for those larger than memory; completes when it has left. Other messages wait for
   * it. Sources are those of a body: what can be pulled is pulled as it leaves. If the source fails, or whoever sends
   * unsubscribes, the connection breaks off: a message that was begun cannot be taken back.
   */
  sendStream(type: 'text' | 'binary', source: BodySource): Observable<never> {
    return new Observable((subscriber) => {
      const { outbox } = this.#lane;
      if (outbox === undefined) throw notOpen();
      const { bytes, stream } = planBody(source, randomBoundary);
      const fragments = stream ?? pullIterable([bytes as Uint8Array]);
      return outbox.stream(type, fragments).subscribe(subscriber);
    });
  }

  /**
   * One conversation of several on the connection: subscribing sends what `subscribeMessage` returns and emits the messages
   * that `filter` takes; unsubscribing sends what `unsubscribeMessage` returns. The connection is closed with the last of
   * them.
   */
  multiplex<T extends In = In>(
    subscribeMessage: () => Out,
    unsubscribeMessage: () => Out,
    filter: (value: In) => boolean,
  ): Observable<T> {
    return new Observable((subscriber) => {
      const lane = this.#lane;
      this.next(subscribeMessage());
      const inner = this.subscribe({
        next: (value) => {
          let taken = false;
          try {
            taken = filter(value);
          } catch (error) {
            subscriber.error(error);
          }
          if (taken) subscriber.next(value as T);
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
      const { turn } = lane;
      return () => {
        if (lane.turn === turn && lane.session !== undefined) this.next(unsubscribeMessage());
        inner.unsubscribe();
      };
    });
  }
}
