import { Observable, type Observer } from 'rxjs';

/** Where outbound values go. `cork`/`uncork` bracket values that should leave as one write; `flush` waits for no more of them. */
export interface DuplexDestination<Out> extends Observer<Out> {
  cork?(): void;
  uncork?(): void;
  flush?(): void;
  /** All that was sent has left, and nobody reads its memory any more; undefined where that is not known. */
  readonly settled?: boolean;
}

/**
 * An Observable of what arrives and an Observer of what to send: the one type from socket to message.
 *
 * - Subscribing starts reading; there is one reader. Arrivals are deliveries (see `deliver`): holding them stops the peer.
 *   Unsubscribing before the end aborts.
 * - `next` sends. Where the way out is backed up, it holds the delivery it was called in until the value has gone, so
 *   `a.subscribe(b)` is a proxy with backpressure, and `deliver(b, value, gone)` tells when a value has left.
 * - `complete` ends our direction; the other one stays open. `error` aborts both.
 */
export class DuplexSubject<In, Out, Info = unknown> extends Observable<In> implements DuplexDestination<Out> {
  readonly #destination: DuplexDestination<Out>;
  /** What is known of the other end: addresses, TLS facts. */
  readonly info: Info;

  constructor(source: Observable<In>, destination: DuplexDestination<Out>, info: Info) {
    super();
    this.source = source; // as operators have it: a closure would weigh on every idle connection
    this.#destination = destination;
    this.info = info;
  }

  /** Whether it is known that all that was sent has left: nobody reads its memory any more. */
  get settled(): boolean {
    return this.#destination.settled === true;
  }

  next(value: Out): void {
    this.#destination.next(value);
  }

  error(error: unknown): void {
    this.#destination.error(error);
  }

  complete(): void {
    this.#destination.complete();
  }

  /** Values sent until {@link uncork} should leave together. Calls nest. */
  cork(): void {
    this.#destination.cork?.();
  }

  uncork(): void {
    this.#destination.uncork?.();
  }

  /** What was sent and would leave at the end of the turn leaves now. */
  flush(): void {
    this.#destination.flush?.();
  }
}
