import { Subscriber } from 'rxjs';
import type { WebSocketSession } from './web-socket-session.js';

interface ReaderOwner {
  arrived(value: unknown, session: WebSocketSession): void;
}

/** Reads one connection for its owner, at the cost of one object. Its end is told when the connection has come to its own. */
export class WebSocketReader extends Subscriber<unknown> {
  readonly #owner: ReaderOwner;
  readonly #session: WebSocketSession;

  constructor(owner: ReaderOwner, session: WebSocketSession) {
    super();
    this.#owner = owner;
    this.#session = session;
  }

  override next(value: unknown): void {
    if (!this.closed) this.#owner.arrived(value, this.#session);
  }

  override error(error: unknown): void {
    this.#session.failed(error);
  }

  override complete(): void {}
}
