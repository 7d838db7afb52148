import { AsyncSubject, Subject, type Observable } from 'rxjs';
import type { Http1Event } from './event.js';

/** One event on a connection, of whichever stream. */
export interface Http1ConnectionEvent {
  /** `in`: read from the peer; `out`: written to it. */
  readonly direction: 'in' | 'out';
  /** Number of the stream. */
  readonly stream: number;
  readonly event: Http1Event;
}

/** The end of a connection as HTTP. */
export interface Http1Closed {
  /** Why, unless it ended as it should. */
  readonly error: unknown;
}

/** What connections of both roles tell about themselves. */
export class ConnectionReport {
  readonly #events = new Subject<Http1ConnectionEvent>();
  readonly #idle = new Subject<void>();
  readonly #closed = new AsyncSubject<Http1Closed>();
  readonly events$: Observable<Http1ConnectionEvent> = this.#events.asObservable();
  readonly idle$: Observable<void> = this.#idle.asObservable();
  readonly closed$: Observable<Http1Closed> = this.#closed.asObservable();

  get observed(): boolean {
    return this.#events.observed;
  }

  event(direction: 'in' | 'out', stream: number, event: Http1Event): void {
    this.#events.next({ direction, stream, event });
  }

  idle(): void {
    this.#idle.next();
  }

  /** @param goesOn streams go on with another protocol. */
  closed(error: unknown, goesOn: boolean): void {
    if (!goesOn) this.#events.complete();
    this.#idle.complete();
    this.#closed.next({ error });
    this.#closed.complete();
  }
}
