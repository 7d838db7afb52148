/** A socket for tests: what is written is kept, and may be held back; what comes in is fed by hand. */
import { Observable, type Subscriber } from 'rxjs';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { DuplexSubject } from '../../../operators/core/duplex-subject.js';
import { WebSocketConnection } from '../../../operators/websocket/connection.js';
import type { WebSocketClosed, WebSocketConnectionOptions } from '../../../operators/websocket/connection-options.js';
import type { WebSocketFrame } from '../../../operators/websocket/frame.js';
import { describeError, joined, MASK, maskedWire, transcribe, wire } from './frames.js';

export class TestSocket extends DuplexSubject<Uint8Array, Uint8Array> {
  readonly writes: Uint8Array[] = [];
  /** What happened to it: `complete`, `error`, `unsubscribed`. */
  readonly events: string[] = [];
  /** Bytes fed and not released. */
  held = 0;
  /** Nothing gets away while set. */
  backedUp = false;
  #waiting: Release[] = [];
  #subscriber: Subscriber<Uint8Array> | undefined;

  constructor() {
    super(
      new Observable((subscriber) => {
        this.#subscriber = subscriber;
        return () => this.events.push('unsubscribed');
      }),
      {
        next: (bytes) => {
          this.writes.push(Uint8Array.from(bytes));
          if (this.backedUp) this.#waiting.push(hold());
        },
        error: () => this.events.push('error'),
        complete: () => this.events.push('complete'),
      },
      undefined,
    );
  }

  feed(bytes: Uint8Array): void {
    const chunk = Buffer.from(bytes); // it is written to
    this.held += chunk.length;
    deliver(this.#subscriber as Subscriber<Uint8Array>, chunk, () => (this.held -= chunk.length));
  }

  end(): void {
    this.#subscriber?.complete();
  }

  break(error: unknown): void {
    this.#subscriber?.error(error);
  }

  drain(): void {
    this.backedUp = false;
    for (const release of this.#waiting.splice(0)) release();
  }

  /** What was written so far, as bytes, and forgets it. */
  take(): Uint8Array {
    return joined(this.writes.splice(0));
  }
}

/** A connection over a {@link TestSocket}, with a log of all that the owner is told. */
export class Scene {
  readonly socket = new TestSocket();
  readonly connection: WebSocketConnection;
  readonly log: string[] = [];
  closed: WebSocketClosed | undefined;
  readonly #role: 'client' | 'server';

  constructor(options: Partial<WebSocketConnectionOptions> = {}) {
    this.#role = options.role ?? 'server';
    this.connection = new WebSocketConnection(
      this.socket,
      { role: this.#role, mask: () => MASK, ...options },
      {
        state: (state) => this.log.push(state),
        ping: (payload) => this.log.push(`ping ${Buffer.from(payload).toString()}`.trimEnd()),
        pong: (payload) => this.log.push(`pong ${Buffer.from(payload).toString()}`.trimEnd()),
        drained: () => this.log.push('drained'),
        cancelled: () => this.log.push('cancelled'),
        closed: (closed) => {
          this.closed = closed;
          this.log.push('closed');
        },
      },
    );
    this.connection.open();
  }

  /** Subscribes to the messages; they are logged too. */
  read(each: (message: string | Uint8Array) => void = () => undefined): this {
    this.connection.messages.subscribe({
      next: (message) => {
        this.log.push(show(message));
        each(message);
      },
      error: (error) => this.log.push(`error ${error instanceof RangeError ? error.message : describeError(error)}`),
      complete: () => this.log.push('complete'),
    });
    return this;
  }

  /** The peer sends frames, in one chunk. */
  peer(...frames: WebSocketFrame[]): this {
    this.socket.feed(this.#role === 'server' ? maskedWire(...frames) : wire(...frames));
    return this;
  }

  /** What we wrote since last asked, as frames. */
  wrote(): string[] {
    const role = this.#role === 'server' ? 'client' : 'server';
    const said = transcribe([this.socket.take()], { role });
    return said.at(-1) === 'complete' ? said.slice(0, -1) : said;
  }
}

export function show(message: string | Uint8Array): string {
  if (typeof message === 'string') return message.length > 40 ? `text of ${message.length}` : `text ${message}`;
  return message.length > 40 ? `binary of ${message.length}` : `binary ${Buffer.from(message).toString('hex')}`;
}
