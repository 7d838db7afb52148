import { Observable, type Subscriber, type Subscription } from 'rxjs';
import { deliver, hold, type Release } from '../../operators/core/deliver.js';
import type { DuplexSubject } from '../../operators/core/duplex-subject.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import { ByteDuplex, type ByteDuplexPort, type SocketInfo } from './byte-duplex.js';
import { GivenBack } from './given-back.js';
import { OutboundPort } from './outbound-port.js';
import { infoOf } from './socket-info.js';

/** Bytes both ways, and how much of them waits, where that is known. */
export type CarriedBytes = DuplexSubject<Uint8Array, Uint8Array> & {
  readonly heldBytes?: number;
  readonly bufferedBytes?: number;
  readonly destroyed?: boolean;
};

/** Bytes that somebody else carries as a connection. @param info instead of what they know of themselves */
export function carried(bytes: CarriedBytes, info: SocketInfo = infoOf(bytes.info)): ByteDuplex {
  const port = new CarriedPort(bytes);
  return new ByteDuplex(new Observable((subscriber) => port.claim(subscriber)), port, info);
}

class CarriedPort extends OutboundPort implements ByteDuplexPort {
  readonly #bytes: CarriedBytes;
  #reader: Subscriber<Uint8Array> | undefined;
  #claimed = false;
  #reading: Subscription | undefined;
  #unread: GivenBack | undefined;
  /** What came while nobody read: at most what one delivery brings, for it is held. */
  readonly #waiting: { readonly chunk: Uint8Array; readonly release: Release }[] = [];
  #begun = false;
  #ended = false;
  #failure: unknown;

  constructor(bytes: CarriedBytes) {
    super(bytes);
    this.#bytes = bytes;
  }

  get heldBytes(): number {
    return this.#bytes.heldBytes ?? 0;
  }

  get bufferedBytes(): number {
    return this.#bytes.bufferedBytes ?? 0;
  }

  get paused(): boolean {
    return this.#reader === undefined;
  }

  get begun(): boolean {
    return this.#begun;
  }

  get destroyed(): boolean {
    return this.#bytes.destroyed ?? this.#failure !== undefined;
  }

  ref(): void {
    // whoever carries the bytes keeps the process alive, or not
  }

  unref(): void {
    // as above
  }

  claim(subscriber: Subscriber<Uint8Array>): this | undefined {
    if (this.#claimed) {
      subscriber.error(new UsageError('ALREADY_SUBSCRIBED', 'a connection has one reader, and it has subscribed'));
      return undefined;
    }
    this.#claimed = true;
    this.#reader = subscriber;
    const unread = this.#unread;
    this.#unread = undefined;
    unread?.deliver(subscriber);
    for (const { chunk, release } of this.#waiting.splice(0)) deliver(subscriber, chunk, release);
    if (this.#failure !== undefined) subscriber.error(this.#failure);
    else if (this.#ended) subscriber.complete();
    else
      this.#reading ??= this.#bytes.subscribe({
        next: (chunk) => {
          this.#begun = true;
          if (this.#reader === undefined) this.#waiting.push({ chunk, release: hold() });
          else this.#reader.next(chunk);
        },
        error: (error: unknown) => {
          this.#failure = error;
          this.#reader?.error(error);
        },
        complete: () => {
          this.#ended = true;
          this.#reader?.complete();
        },
      });
    return this;
  }

  /** The reader has left. */
  unsubscribe(): void {
    this.#reader = undefined;
    for (const { release } of this.#waiting.splice(0)) release();
    this.#reading?.unsubscribe();
  }

  unread(chunk: Uint8Array): void {
    this.#claimed = false;
    this.#reader = undefined;
    if (chunk.length > 0) this.#unread = new GivenBack(chunk);
  }

  detach(): undefined {
    return undefined;
  }
}
