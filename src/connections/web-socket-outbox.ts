import { Observable, type Subscriber, type Subscription } from 'rxjs';
import { writeBody } from '../../operators/body/write-body.js';
import { deliver, hold, isDelivering, type Release } from '../../operators/core/deliver.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { WebSocketConnection } from '../../operators/websocket/connection.js';
import type { WebSocketMessage } from '../../operators/websocket/message.js';
import type { MessageWriter } from '../../operators/websocket/message-writer.js';
import type { ResolvedWebSocketOptions } from './web-socket-options.js';

interface Item {
  /** undefined: a message of fragments, `stream`. */
  readonly message: WebSocketMessage | undefined;
  readonly stream: FragmentStream | undefined;
  /** What it counts for. Bytes. */
  readonly charge: number;
  readonly release: Release;
}

/** What a queued message counts for at least. Bytes. */
const LEAST_CHARGE = 256;
/** Where messages may be dropped, so much is given to the socket at a time: what it has cannot be taken back. Bytes. */
const AHEAD = 65_536;
/** Until something waits. */
const NOTHING: Item[] = [];
const HOLDS_NOBODY: Release = () => undefined;

/**
 * What is sent over one connection, in order: before it is open, and behind a message of fragments, messages wait here.
 * Otherwise they go to the connection at once, which holds the delivery they are sent in until they have left; only where
 * messages may be dropped do they wait here for the socket too.
 */
export class WebSocketOutbox {
  readonly #most: number;
  readonly #drops: 'oldest' | 'newest' | undefined;
  readonly #holds: boolean;
  readonly #overflowed: (error: UsageError) => void;
  #connection: WebSocketConnection | undefined = undefined;
  #items: Item[] = NOTHING;
  #queued = 0;
  /** Given to the connection and not gone; counted only where messages may be dropped. Bytes. */
  #ahead = 0;
  #draining = false;
  #afterAll: (() => void) | undefined = undefined;
  #over = false;
  #stream: FragmentStream | undefined = undefined;

  constructor({ overflow, maxBufferedBytes }: ResolvedWebSocketOptions, overflowed: (error: UsageError) => void) {
    this.#most = maxBufferedBytes;
    this.#holds = overflow === 'hold';
    this.#drops = overflow === 'drop-oldest' ? 'oldest' : overflow === 'drop-newest' ? 'newest' : undefined;
    this.#overflowed = overflowed;
  }

  /** Bytes that wait here, or were given to the connection and have not left. */
  get bufferedBytes(): number {
    return this.#queued + (this.#connection?.bufferedBytes ?? 0);
  }

  push(message: WebSocketMessage): void {
    if (this.#over || this.#afterAll !== undefined) return;
    const connection = this.#connection;
    if (connection === undefined || this.#drops || this.#items.length > 0 || connection.sendingFragments) {
      return this.#enqueue(message);
    }
    const buffered = connection.bufferedBytes;
    if (buffered > 0 && buffered + message.length > this.#most && !this.#mayWait()) this.#overflow();
    else connection.send(message);
  }

  /**
   * Sends one message in fragments as they come; it waits for those before it. Completes when all of it has left.
   * Unsubscribing before that breaks the connection off, if it was begun.
   */
  stream(type: 'text' | 'binary', fragments: Observable<Uint8Array>): Observable<never> {
    return new Observable((subscriber) => {
      if (this.#over || this.#afterAll !== undefined) throw notOpen();
      const stream: FragmentStream = new FragmentStream(type, fragments, this.#most, subscriber, () =>
        this.#streamed(stream),
      );
      const item = { message: undefined, stream, charge: LEAST_CHARGE, release: hold() };
      this.#add(item);
      this.#drain();
      return () => {
        const at = this.#items.indexOf(item);
        if (at >= 0) this.#queued -= this.#items.splice(at, 1)[0]?.charge ?? 0;
        item.release();
        stream.leave();
      };
    });
  }

  /** The connection is open. */
  attach(connection: WebSocketConnection): void {
    this.#connection = connection;
    this.#drain();
  }

  /** The connection has let go of what it was given. */
  drained(): void {
    if (this.#items.length > 0) this.#drain();
  }

  /** Takes no more, and calls back once all that waits here was given to the connection: at once if it was. */
  endWith(afterAll: () => void): void {
    if (this.#over || this.#afterAll !== undefined) return;
    this.#afterAll = afterAll;
    this.#drain();
  }

  /** Nothing can be sent any more: drops what waits. */
  stop(error: unknown = notOpen()): void {
    if (this.#over) return;
    this.#over = true;
    this.#queued = 0;
    for (const { release, stream } of this.#items.splice(0)) {
      release();
      stream?.stop(error);
    }
    this.#stream?.stop(error);
  }

  /** One that never had its turn leaves the one that has it alone. */
  #streamed(stream: FragmentStream): void {
    if (stream !== this.#stream) return;
    this.#stream = undefined;
    this.#drain();
  }

  #mayWait(): boolean {
    return this.#holds && isDelivering();
  }

  #enqueue(message: WebSocketMessage): void {
    const charge = message.length > LEAST_CHARGE ? message.length : LEAST_CHARGE;
    const waiting = this.#drops ? this.#queued : this.bufferedBytes;
    if (waiting > 0 && waiting + charge > this.#most) {
      if (this.#drops === 'newest') return;
      if (this.#drops === 'oldest') this.#dropFor(charge);
      else if (!this.#mayWait()) return this.#overflow();
    }
    this.#add({ message, stream: undefined, charge, release: this.#drops ? HOLDS_NOBODY : hold() });
    this.#drain();
  }

  #add(item: Item): void {
    if (this.#items === NOTHING) this.#items = [];
    this.#items.push(item);
    this.#queued += item.charge;
  }

  #dropFor(charge: number): void {
    for (let i = 0; i < this.#items.length && this.#queued + charge > this.#most;) {
      const item = this.#items[i] as Item;
      if (item.message === undefined) i++;
      else {
        this.#items.splice(i, 1);
        this.#queued -= item.charge;
        item.release();
      }
    }
  }

  #overflow(): void {
    this.#overflowed(
      new UsageError('SEND_OVERFLOW', `more than maxBufferedBytes (${this.#most} bytes) were sent ahead of the peer`),
    );
  }

  #drain(): void {
    const connection = this.#connection;
    if (connection === undefined || this.#draining) return;
    this.#draining = true;
    try {
      while (this.#items.length > 0 && !this.#over && this.#stream === undefined && this.#hasRoom(connection)) {
        const item = this.#items.shift() as Item;
        this.#queued -= item.charge;
        if (item.message === undefined) {
          item.release();
          this.#stream = item.stream;
          item.stream?.begin(connection);
        } else {
          this.#ahead += item.charge;
          const { message } = item;
          deliver({ next: () => connection.send(message) }, item, (sent) => this.#gone(sent));
        }
      }
    } finally {
      this.#draining = false;
    }
    if (this.#items.length > 0 || this.#stream !== undefined || this.#over) return;
    const afterAll = this.#afterAll;
    if (afterAll === undefined) return;
    this.#over = true;
    afterAll();
  }

  #hasRoom(connection: WebSocketConnection): boolean {
    return this.#drops === undefined || (this.#ahead < AHEAD && connection.bufferedBytes < AHEAD);
  }

  #gone({ charge, release }: Item): void {
    this.#ahead -= charge;
    release();
    this.#drain();
  }
}

/** One message of fragments on its way. */
class FragmentStream {
  readonly #type: 'text' | 'binary';
  readonly #source: Observable<Uint8Array>;
  readonly #most: number;
  readonly #subscriber: Subscriber<never>;
  readonly #ended: () => void;
  #writer: MessageWriter | undefined = undefined;
  #writing: Subscription | undefined = undefined;
  #over = false;

  constructor(
    type: 'text' | 'binary',
    source: Observable<Uint8Array>,
    most: number,
    subscriber: Subscriber<never>,
    ended: () => void,
  ) {
    this.#type = type;
    this.#source = source;
    this.#most = most;
    this.#subscriber = subscriber;
    this.#ended = ended;
  }

  begin(connection: WebSocketConnection): void {
    this.#writer = connection.sendFragments(this.#type);
    this.#writing = writeBody(this.#source, this.#writer, { maxQueued: this.#most }).subscribe({
      error: (error: unknown) => this.#fail(error),
      complete: () => this.#complete(),
    });
    if (this.#over) this.#writing.unsubscribe();
  }

  /** Whoever sends it has unsubscribed. */
  leave(): void {
    if (this.#writer === undefined) this.#over = true;
    else this.#fail(new UsageError('MESSAGE_UNFINISHED', 'whoever sent the message left before its end'));
  }

  /** Nothing can be sent any more. */
  stop(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopped(error);
  }

  /** What was begun cannot be taken back: the connection fails. */
  #fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#writer?.error(error);
    this.#stopped(error);
  }

  #stopped(error: unknown): void {
    this.#writing?.unsubscribe();
    this.#subscriber.error(error);
    this.#ended();
  }

  #complete(): void {
    if (this.#over) return;
    try {
      this.#writer?.complete();
    } catch (error) {
      return this.#fail(error); // text that ends inside a character
    }
    this.#over = true;
    this.#subscriber.complete();
    this.#ended();
  }
}

export function notOpen(): UsageError {
  return new UsageError('WEBSOCKET_NOT_OPEN', 'there is no open connection');
}
