import { Observable, type Observer, type Subscriber } from 'rxjs';
import { deliver, hold, type Release } from './deliver.js';
import { UsageError } from './protocol-error.js';

const NOTHING_HELD: Release = () => undefined;

/** What the owner of a {@link UnicastSubject} learns of its one consumer. */
export interface UnicastHooks {
  /** The consumer has subscribed; called before it is given what was queued. */
  claimed?(): void;
  /** The consumer left before the end. */
  cancelled?(): void;
}

/**
 * A subject for one consumer: what arrives before the subscription is queued, each value holding the delivery it came
 * in, and a second subscription is refused with `UsageError` `ALREADY_SUBSCRIBED`. The queue is therefore bounded by the
 * source's own credit. After the consumer has left, values are dropped and the credit goes back at once.
 */
export class UnicastSubject<T> extends Observable<T> implements Observer<T> {
  #subscriber: Subscriber<T> | undefined;
  #queue: T[] | undefined;
  #releases: (Release | undefined)[] | undefined;
  #draining = false;
  #claimed = false;
  #ended = false;
  #failed = false;
  #error: unknown;
  readonly #hooks: UnicastHooks | undefined;
  /** How much is to come in all, in bytes, where its owner was told so; -1 where not. */
  readonly declared: number;

  constructor(hooks?: UnicastHooks, declared = -1) {
    super((subscriber) => this.#claim(subscriber));
    this.#hooks = hooks;
    this.declared = declared;
  }

  /** Somebody has subscribed, now or before. */
  get claimed(): boolean {
    return this.#claimed;
  }

  /** `complete` or `error` was called. */
  get ended(): boolean {
    return this.#ended;
  }

  next(value: T): void {
    if (this.#ended) return;
    if (this.#claimed && !this.#draining) {
      this.#subscriber?.next(value);
      return;
    }
    const queue = (this.#queue ??= []);
    queue.push(value);
    (this.#releases ??= [])[queue.length - 1] = hold(); // settle() may have left a gap before
  }

  error(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failed = true;
    this.#error = error;
    if (this.#claimed && !this.#draining) this.#finish();
  }

  complete(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#claimed && !this.#draining) this.#finish();
  }

  /** Gives back the credit of what is queued, and keeps the values: their number no longer grows. */
  settle(): void {
    const releases = this.#releases;
    this.#releases = undefined;
    if (releases) for (const release of releases) release?.();
  }

  /** Drops what is queued and gives its credit back; the subject is then as if its consumer had left. */
  discard(): void {
    this.#claimed = true;
    this.#subscriber = undefined;
    this.#dropQueue(0);
  }

  #claim(subscriber: Subscriber<T>): void {
    if (this.#claimed) {
      subscriber.error(new UsageError('ALREADY_SUBSCRIBED', 'this stream has one consumer, and it has subscribed'));
      return;
    }
    this.#claimed = true;
    this.#subscriber = subscriber;
    subscriber.add(() => this.#leave());
    this.#draining = true;
    this.#hooks?.claimed?.();
    this.#drain(subscriber);
  }

  #drain(subscriber: Subscriber<T>): void {
    for (let i = 0; this.#queue !== undefined && i < this.#queue.length; i++) {
      if (subscriber.closed) {
        this.#draining = false; // what the released credit brings is dropped too
        this.#dropQueue(i);
        break;
      }
      deliver(subscriber, this.#queue[i] as T, this.#releases?.[i] ?? NOTHING_HELD);
    }
    this.#queue = undefined;
    this.#releases = undefined;
    this.#draining = false;
    if (this.#ended) this.#finish();
  }

  #finish(): void {
    const subscriber = this.#subscriber;
    this.#subscriber = undefined;
    if (this.#failed) subscriber?.error(this.#error);
    else subscriber?.complete();
  }

  #leave(): void {
    if (this.#subscriber === undefined) return; // finished by itself
    this.#subscriber = undefined;
    if (!this.#ended) this.#hooks?.cancelled?.();
  }

  #dropQueue(from: number): void {
    const releases = this.#releases;
    this.#queue = undefined;
    this.#releases = undefined;
    if (releases) for (let i = from; i < releases.length; i++) releases[i]?.();
  }
}
