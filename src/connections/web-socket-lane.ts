import { Observable, Subject, type Subscriber, type Subscription } from 'rxjs';
import { isNetworkError, isProtocolError, UsageError } from '../../operators/core/protocol-error.js';
import { captureSubscriber } from '../../operators/core/operate.js';
import { CloseCode } from '../../operators/websocket/close-code.js';
import type { WebSocketMessage } from '../../operators/websocket/message.js';
import type { ResolvedWebSocketOptions } from './web-socket-options.js';
import { notOpen, WebSocketOutbox } from './web-socket-outbox.js';
import { WebSocketReader } from './web-socket-reader.js';
import {
  checkClose,
  mayClose,
  type OpenedWebSocket,
  type SessionOwner,
  WebSocketSession,
} from './web-socket-session.js';
import type { WebSocketEnded, WebSocketStatus } from './web-socket-status.js';

const NOBODY: readonly Subscriber<unknown>[] = [];

/** Who accepted a connection. */
export interface LaneOwner {
  /** It is of no more use to anybody here. */
  closed(): void;
  /** Both directions of it have ended. */
  gone(): void;
}

/**
 * What a subject is made of: its readers, what it sends, and one connection after another. A connection is opened for the
 * first reader and closed when the last one leaves.
 */
export class WebSocketLane implements SessionOwner {
  status: WebSocketStatus | undefined = undefined;
  /** Counts the connections. */
  turn = 0;
  session: WebSocketSession | undefined = undefined;
  owner: LaneOwner | undefined = undefined;
  readonly #opening: Observable<OpenedWebSocket> | undefined;
  readonly #options: ResolvedWebSocketOptions;
  readonly #role: 'client' | 'server';
  #readers = NOBODY;
  #bodies = false;
  /** Under way, until it is open. */
  #attempt: Subscription | undefined = undefined;
  #outbox: WebSocketOutbox | undefined = undefined;
  #reading: Subscriber<unknown> | undefined = undefined;
  #closeOnOpen: { readonly code: number | undefined; readonly reason: string } | undefined = undefined;
  /** What made a message that was sent before fail; for the next reader. */
  #failure: { readonly error: unknown } | undefined = undefined;
  #buffered: Subject<number> | undefined = undefined;
  #statuses: Subject<WebSocketStatus> | undefined = undefined;
  /** The last session, while it is the one that tells the status. */
  #shown: WebSocketSession | undefined = undefined;

  /** @param opening connects. A server's is opened once, by `accept` */
  constructor(options: ResolvedWebSocketOptions, opening?: Observable<OpenedWebSocket>) {
    this.#role = opening === undefined ? 'server' : 'client';
    this.#opening = opening;
    this.#options = options;
  }

  /** There is a connection, or one on its way, that does not close. */
  get active(): boolean {
    return this.#attempt !== undefined || this.session !== undefined;
  }

  get bufferedBytes(): number {
    return this.#outbox?.bufferedBytes ?? 0;
  }

  /** Now, if there has been one, and at each change. */
  get status$(): Observable<WebSocketStatus> {
    return new Observable((subscriber) => {
      if (this.status !== undefined) subscriber.next(this.status);
      return (this.#statuses ??= new Subject<WebSocketStatus>()).subscribe(subscriber);
    });
  }

  /** Now, at each message that is sent, and when all has left. */
  get buffered$(): Observable<number> {
    return new Observable((subscriber) => {
      subscriber.next(this.bufferedBytes);
      return (this.#buffered ??= new Subject<number>()).subscribe(subscriber);
    });
  }

  read(subscriber: Subscriber<unknown>, bodies: boolean): void {
    if (this.#failure !== undefined) {
      const { error } = this.#failure;
      this.#failure = undefined;
      return subscriber.error(error);
    }
    if (this.#readers.length > 0 && this.#bodies !== bodies) {
      return subscriber.error(new UsageError('ALREADY_SUBSCRIBED', 'messages are read whole, or as bodies: not both'));
    }
    if (this.#spent && !this.active) return subscriber.error(notOpen());
    this.#bodies = bodies;
    this.#readers = this.#readers.concat(subscriber); // not by spreading, which leaves room for sixteen more
    subscriber.add(() => this.#left(subscriber));
    if (!this.active) this.#start();
    else if (this.session !== undefined && this.#reading === undefined) this.#claim(this.session);
  }

  /** A server's: it is open. */
  accept(opened: OpenedWebSocket): void {
    this.turn++;
    this.#outbox = this.#makeOutbox();
    this.#opened(opened);
  }

  next(value: unknown): void {
    const { serializer } = this.#options;
    let message = value;
    if (serializer !== undefined) {
      try {
        message = (serializer as (value: unknown) => unknown)(value);
      } catch (error) {
        return this.fail(error);
      }
    }
    if (typeof message !== 'string' && !(message instanceof Uint8Array)) {
      return this.fail(new UsageError('INVALID_MESSAGE', 'a message is a string or a Uint8Array'));
    }
    if (this.#closeOnOpen !== undefined) return;
    this.outbox?.push(message);
    this.#buffered?.next(this.bufferedBytes);
  }

  /** What is sent goes there; undefined where nothing is to be sent any more. */
  get outbox(): WebSocketOutbox | undefined {
    return (this.#outbox ??= this.#spent ? undefined : this.#makeOutbox());
  }

  complete(): void {
    this.close(CloseCode.NORMAL, '');
  }

  /** An error that has a code to send, as RxJS's `webSocket` takes them, closes with it. */
  error(error: unknown): void {
    const { code, reason } = (error ?? {}) as { code?: unknown; reason?: unknown };
    const text = typeof reason === 'string' ? reason : '';
    if (typeof code === 'number' && mayClose(this.#role, code, text)) this.close(code, text);
    else this.fail(error);
  }

  /** @throws UsageError `INVALID_CLOSE_CODE`, `INVALID_CLOSE_REASON` */
  close(code: number | undefined, reason: string): void {
    checkClose(this.#role, code, reason);
    if (this.session !== undefined) this.session.close(code, reason);
    else if (this.#attempt !== undefined) this.#closeOnOpen ??= { code, reason };
  }

  /** Ends what there is with an error, for its readers too. */
  fail(error: unknown): void {
    if (this.session !== undefined) return this.session.fail(error);
    this.#outbox?.stop();
    this.#outbox = undefined;
    if (this.#attempt === undefined) {
      if (this.#role === 'client') this.#failure = { error };
      return;
    }
    this.#withdraw();
    this.#ended(unopened(error));
  }

  // -- the session's side ----------------------------------------------------------------------------------------------

  closing(session: WebSocketSession, by: 'local' | 'remote'): void {
    if (session === this.#shown) this.#show({ state: 'closing', by });
  }

  over(session: WebSocketSession, ended: WebSocketEnded): void {
    if (session === this.session) this.#ended(ended);
    else if (session === this.#shown) this.#show(ended);
  }

  drained(): void {
    this.#buffered?.next(this.bufferedBytes);
  }

  gone(): void {
    this.owner?.gone();
  }

  // --------------------------------------------------------------------------------------------------------------------

  /** A server has one connection, and this was it. */
  get #spent(): boolean {
    return this.#role === 'server' && this.turn > 0;
  }

  #makeOutbox(): WebSocketOutbox {
    return new WebSocketOutbox(this.#options, (error) => this.fail(error));
  }

  /** Connects. */
  #start(): void {
    this.turn++;
    this.#outbox ??= this.#makeOutbox();
    this.#shown = undefined;
    const attempt = captureSubscriber<OpenedWebSocket>({
      next: (opened) => this.#opened(opened),
      error: (error: unknown) => {
        this.#attempt = undefined;
        this.#ended(unopened(error));
      },
      complete: () => undefined,
    });
    this.#attempt = attempt;
    this.#show({ state: 'connecting' });
    if (!attempt.closed) this.#opening?.subscribe(attempt); // whoever saw it connect may have withdrawn it
  }

  #opened(opened: OpenedWebSocket): void {
    this.#attempt = undefined;
    const session = new WebSocketSession(opened, this.#options, this.#outbox as WebSocketOutbox, this);
    this.session = this.#shown = session;
    this.#show(opened.status);
    const close = this.#closeOnOpen;
    this.#closeOnOpen = undefined;
    if (this.session === session && this.#readers.length > 0) this.#claim(session);
    session.open(); // also where whoever saw it open has left: it has to be closed
    if (close !== undefined) session.close(close.code, close.reason);
  }

  #claim(session: WebSocketSession): void {
    const { connection } = session;
    const arriving: Observable<unknown> = this.#bodies ? connection.bodies : connection.messages;
    this.#reading = new WebSocketReader(this, session);
    arriving.subscribe(this.#reading);
  }

  /** @internal What has arrived, for all readers. */
  arrived(value: unknown, session: WebSocketSession): void {
    const { deserializer } = this.#options;
    if (deserializer !== undefined && !this.#bodies) {
      try {
        value = deserializer(value as WebSocketMessage);
      } catch (error) {
        return session.fail(error);
      }
    }
    const readers = this.#readers;
    if (readers.length === 1) readers[0]?.next(value);
    else for (const reader of readers) reader.next(value);
  }

  #left(subscriber: Subscriber<unknown>): void {
    if (!this.#readers.includes(subscriber)) return;
    this.#readers = this.#readers.filter((reader) => reader !== subscriber);
    if (this.#readers.length > 0) return;
    const { session } = this;
    if (session !== undefined) {
      session.close(CloseCode.NORMAL, '');
      this.#forget();
    } else if (this.#attempt !== undefined) {
      this.#withdraw();
      this.#ended(unopened(undefined));
    }
  }

  #withdraw(): void {
    this.#attempt?.unsubscribe();
    this.#attempt = undefined;
  }

  /** The connection is no longer ours; what still happens to it is shown until the next one. */
  #forget(): void {
    const reading = this.#reading;
    this.session = this.#reading = this.#outbox = this.#closeOnOpen = undefined;
    reading?.unsubscribe();
  }

  #ended(ended: WebSocketEnded): void {
    const readers = this.#readers;
    this.#readers = NOBODY;
    this.#outbox?.stop();
    this.#forget();
    this.#shown = undefined;
    this.#show(ended);
    const { error } = ended;
    for (const reader of readers) {
      if (error === undefined) reader.complete();
      else reader.error(error);
    }
  }

  #show(status: WebSocketStatus): void {
    this.status = status;
    this.#statuses?.next(status);
    if (status.state === 'closed') this.owner?.closed();
  }
}

/** The end of what never was open. */
function unopened(error: unknown): WebSocketEnded {
  const refused = isProtocolError(error) && error.code === 'HANDSHAKE_REFUSED';
  const by = refused ? 'remote' : isNetworkError(error) ? 'network' : 'local';
  return { state: 'closed', by, clean: false, code: CloseCode.ABNORMAL, reason: '', error };
}
