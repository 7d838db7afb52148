import { Observable, type Subscriber } from 'rxjs';
import { deliver, relay } from '../core/deliver.js';
import { UsageError } from '../core/protocol-error.js';
import { UnicastSubject } from '../core/unicast-subject.js';
import type { WebSocketMessage } from './message.js';
import { truncatedInput } from './websocket-error.js';

/** A message as it comes in: for those that are larger than memory. */
export interface WebSocketBody {
  readonly type: 'text' | 'binary';
  /** Its bytes, of text in UTF-8 that was checked; for one consumer. Unsubscribing drops the rest of the message. */
  readonly body: Observable<Uint8Array>;
}

export interface InboundLimits {
  /** Messages queued or held before reading stops; default 32. */
  readonly maxQueued?: number | undefined;
  /** Bytes of them, each message 256 at least; default 1 MiB. */
  readonly maxQueuedBytes?: number | undefined;
}

export interface InboundHooks {
  /** Somebody has subscribed, or released what was held: reading may go on. */
  freed(): void;
  /** The consumer left before the end. */
  cancelled(): void;
}

const MAX_QUEUED = 32;
const MAX_QUEUED_BYTES = 1_048_576;
/** What a queued item weighs at least. Bytes. */
const LEAST_CHARGE = 256;

/**
 * What has come in, for its one consumer, who takes it as whole messages or as bodies. Before it comes, messages are
 * queued. What is queued, or held by the consumer, is weighed: {@link full} says when to read no further.
 */
export class InboundMessages {
  /** No more is to be read, until `freed`. */
  full = false;
  /** The consumer wants bodies. */
  streaming = false;
  readonly #hooks: InboundHooks;
  readonly #maxQueued: number;
  readonly #maxQueuedBytes: number;
  #claimed = false;
  #subscriber: Subscriber<WebSocketMessage> | Subscriber<WebSocketBody> | undefined = undefined;
  #queue: WebSocketMessage[] | undefined = undefined;
  #draining = false;
  #body: UnicastSubject<Uint8Array> | undefined = undefined;
  #held = 0;
  #heldBytes = 0;
  #ended = false;
  #failed = false;
  #error: unknown = undefined;
  readonly #messageReleased = (message: WebSocketMessage): void => this.#release(1, message.length);
  /** Made for the first body. */
  #bodyReleased: (() => void) | undefined = undefined;
  #pieceReleased: ((piece: Uint8Array) => void) | undefined = undefined;

  constructor(hooks: InboundHooks, limits: InboundLimits) {
    this.#hooks = hooks;
    this.#maxQueued = limits.maxQueued ?? MAX_QUEUED;
    this.#maxQueuedBytes = limits.maxQueuedBytes ?? MAX_QUEUED_BYTES;
  }

  get messages(): Observable<WebSocketMessage> {
    return new Observable((subscriber) => this.#claim(subscriber, false));
  }

  get bodies(): Observable<WebSocketBody> {
    return new Observable((subscriber) => this.#claim(subscriber, true));
  }

  /** Messages and bytes that are queued or held. */
  get heldMessages(): number {
    return this.#held;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Part of a message may be kept, of so many bytes: always once somebody reads, else within the bound of the queue. */
  mayKeep(bytes: number): boolean {
    return this.#claimed || bytes < this.#maxQueuedBytes;
  }

  /** A whole message. */
  message(message: WebSocketMessage): void {
    if (this.#claimed && this.#subscriber === undefined) return; // left
    this.#charge(1, message.length);
    if (this.#subscriber === undefined || this.#draining) (this.#queue ??= []).push(message);
    else if (this.streaming) this.#replay(message);
    else relay(this.#subscriber as Subscriber<WebSocketMessage>, message, this.#messageReleased);
  }

  /** A message begins that will come in pieces. */
  begin(text: boolean): void {
    const body = new UnicastSubject<Uint8Array>();
    this.#body = body;
    this.#emit({ type: text ? 'text' : 'binary', body });
  }

  /** Bytes of it. */
  piece(bytes: Uint8Array): void {
    if (this.#body === undefined || bytes.length === 0) return;
    this.#charge(0, bytes.length);
    this.#pieceReleased ??= (piece) => this.#release(0, piece.length);
    relay(this.#body, bytes, this.#pieceReleased);
  }

  /** The message is complete. */
  finish(): void {
    this.#body?.complete();
    this.#body = undefined;
  }

  /** No message comes any more. */
  end(): void {
    this.#over(false, undefined);
  }

  fail(error: unknown): void {
    this.#over(true, error);
  }

  #over(failed: boolean, error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failed = failed;
    this.#error = error;
    this.#body?.settle();
    this.#body?.error(failed ? error : truncatedInput('a message'));
    this.#body = undefined;
    if (!this.#draining) this.#finish();
  }

  #claim(subscriber: Subscriber<WebSocketMessage> | Subscriber<WebSocketBody>, bodies: boolean): void {
    if (this.#claimed) {
      subscriber.error(new UsageError('ALREADY_SUBSCRIBED', 'a connection has one reader, and it has subscribed'));
      return;
    }
    this.#claimed = true;
    this.streaming = bodies;
    this.#subscriber = subscriber;
    subscriber.add(() => this.#leave());
    this.#draining = true;
    for (let i = 0; this.#queue !== undefined && i < this.#queue.length; i++) {
      const message = this.#queue[i] as WebSocketMessage;
      if (subscriber.closed) this.#messageReleased(message);
      else if (bodies) this.#replay(message);
      else deliver(subscriber as Subscriber<WebSocketMessage>, message, this.#messageReleased);
    }
    this.#queue = undefined;
    this.#draining = false;
    if (this.#ended) this.#finish();
    else this.#hooks.freed();
  }

  /** A message that was put together before bodies were wanted, as a body of one piece. */
  #replay(message: WebSocketMessage): void {
    const body = new UnicastSubject<Uint8Array>();
    this.#emit({ type: typeof message === 'string' ? 'text' : 'binary', body });
    const piece = typeof message === 'string' ? Buffer.from(message, 'utf8') : message;
    deliver(body, piece, () => this.#messageReleased(message));
    body.complete();
  }

  /** A hold on a body does not hold the bytes it came in: its pieces have credit of their own. */
  #emit(body: WebSocketBody): void {
    const subscriber = this.#subscriber as Subscriber<WebSocketBody> | undefined;
    if (subscriber === undefined) return;
    this.#charge(1, 0);
    this.#bodyReleased ??= () => this.#release(1, 0);
    deliver(subscriber, body, this.#bodyReleased);
  }

  #finish(): void {
    const subscriber = this.#subscriber;
    if (subscriber === undefined) return;
    this.#subscriber = undefined;
    if (this.#failed) subscriber.error(this.#error);
    else subscriber.complete();
  }

  #leave(): void {
    if (this.#subscriber === undefined) return; // finished by itself
    this.#subscriber = undefined;
    this.#body?.discard();
    this.#body = undefined;
    if (!this.#ended) this.#hooks.cancelled();
  }

  #charge(messages: number, bytes: number): void {
    this.#held += messages;
    this.#heldBytes += bytes > LEAST_CHARGE ? bytes : LEAST_CHARGE;
    if (this.#held >= this.#maxQueued || this.#heldBytes >= this.#maxQueuedBytes) this.full = true;
  }

  #release(messages: number, bytes: number): void {
    this.#held -= messages;
    this.#heldBytes -= bytes > LEAST_CHARGE ? bytes : LEAST_CHARGE;
    if (!this.full || this.#held * 2 > this.#maxQueued || this.#heldBytes * 2 > this.#maxQueuedBytes) return;
    this.full = false;
    if (!this.#draining) this.#hooks.freed(); // what is read now comes behind all that is queued
  }
}
