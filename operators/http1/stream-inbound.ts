import { Observable, type Subscriber } from 'rxjs';
import { captureSubscriber } from '../core/operate.js';
import { UsageError } from '../core/protocol-error.js';
import { UnicastSubject } from '../core/unicast-subject.js';
import type { DetachedSubject } from './detach.js';
import type { Http1Event } from './event.js';

/** What the inbound side of a stream asks and tells its owner. */
export interface StreamInboundHooks {
  /** The consumer left before the end. */
  cancelled(): void;
  /** `upgrade` has been seen: the byte stream to go on with, unless somebody took it. */
  switched(): DetachedSubject | undefined;
  /** Bytes of the other protocol have come. */
  received(event: Http1Event): void;
}

/** The events that come in on one stream, for its one consumer, who may give bytes back. */
export class StreamInbound {
  readonly events: Observable<Http1Event>;
  readonly #hooks: StreamInboundHooks;
  readonly #subject: UnicastSubject<Http1Event>;
  #consumer: Subscriber<Http1Event> | undefined;
  /** The consumer has seen a head and not yet the end. */
  #inBody = false;
  #emitting = false;
  #ungot: Uint8Array | undefined;

  constructor(hooks: StreamInboundHooks) {
    this.#hooks = hooks;
    this.#subject = new UnicastSubject<Http1Event>({ cancelled: () => hooks.cancelled() });
    this.events = new Observable((subscriber) => this.#claim(subscriber));
  }

  get claimed(): boolean {
    return this.#subject.claimed;
  }

  get ended(): boolean {
    return this.#subject.ended;
  }

  next(event: Http1Event): void {
    this.#subject.next(event);
  }

  error(error: unknown): void {
    this.settle();
    this.#subject.error(error);
  }

  complete(): void {
    this.#subject.complete();
  }

  /** What nobody has claimed is kept, but no longer charged to the socket: no more of it will come. */
  settle(): void {
    if (!this.#subject.claimed) this.#subject.settle();
  }

  discard(): void {
    this.#subject.discard();
  }

  /** @throws UsageError `NOT_IN_BODY`. */
  unget(chunk: Uint8Array): void {
    if (!this.#inBody)
      throw new UsageError('NOT_IN_BODY', 'bytes go back only between the head of a message and its end');
    this.#ungot = this.#ungot === undefined ? chunk : Buffer.concat([chunk, this.#ungot]);
    if (!this.#emitting && this.#consumer) this.#giveBack(this.#consumer);
  }

  #claim(subscriber: Subscriber<Http1Event>): void {
    const inner = captureSubscriber<Http1Event>({
      next: (event) => this.#pass(subscriber, event),
      error: (error) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
    if (!this.#subject.claimed) this.#consumer = subscriber;
    subscriber.add(inner);
    this.#subject.subscribe(inner);
  }

  #pass(consumer: Subscriber<Http1Event>, event: Http1Event): void {
    const { type } = event;
    if (type === 'request' || type === 'response') this.#inBody = true;
    else if (type === 'end' || type === 'upgrade') this.#inBody = false;
    this.#emit(consumer, event);
    if (this.#ungot !== undefined) this.#giveBack(consumer);
    if (type === 'upgrade' && !consumer.closed) this.#follow(consumer);
  }

  #giveBack(consumer: Subscriber<Http1Event>): void {
    while (this.#ungot !== undefined && !consumer.closed) {
      const chunk = this.#ungot;
      this.#ungot = undefined;
      this.#emit(consumer, { type: 'data', chunk, extension: '' });
    }
  }

  #emit(consumer: Subscriber<Http1Event>, event: Http1Event): void {
    this.#emitting = true;
    consumer.next(event);
    this.#emitting = false;
  }

  /** The other protocol, as data events. */
  #follow(consumer: Subscriber<Http1Event>): void {
    const socket = this.#hooks.switched();
    if (socket === undefined) return consumer.complete();
    let seen = socket.unread.length === 0; // else it was the leftover of the event
    const inner = captureSubscriber<Uint8Array>({
      next: (chunk) => {
        if (!seen) {
          seen = true;
          return;
        }
        const event: Http1Event = { type: 'data', chunk, extension: '' };
        this.#hooks.received(event);
        consumer.next(event);
      },
      error: (error) => consumer.error(error),
      complete: () => consumer.complete(),
    });
    consumer.add(inner);
    socket.subscribe(inner);
  }
}
