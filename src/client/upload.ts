import type { Subscriber } from 'rxjs';
import type { BodyPlan } from '../../operators/body/body-source.js';
import { writeBody } from '../../operators/body/write-body.js';
import { captureSubscriber } from '../../operators/core/operate.js';
import { Fields, type FieldsInit } from '../../operators/http/fields.js';
import type { OutboundRequest } from './lease.js';

/** What the exchange wants to know of its upload. */
export interface UploadObserver {
  /** So many bytes in all have been handed to the connection. */
  uploaded(bytes: number): void;
  sent(): void;
  uploadFailed(error: unknown): void;
}

/** Sends the body of one request, chunk by chunk as the connection takes them, then its trailers. */
export class Upload {
  readonly #exchange: OutboundRequest;
  readonly #plan: BodyPlan;
  readonly #trailers: FieldsInit | (() => FieldsInit) | undefined;
  readonly #observer: UploadObserver;
  #begun = false;
  /** Failed or stopped: nothing more is sent. */
  #over = false;
  #sending: Subscriber<never> | undefined;
  #bytes = 0;

  constructor(
    exchange: OutboundRequest,
    plan: BodyPlan,
    trailers: FieldsInit | (() => FieldsInit) | undefined,
    observer: UploadObserver,
  ) {
    this.#exchange = exchange;
    this.#plan = plan;
    this.#trailers = trailers;
    this.#observer = observer;
  }

  /** Begins; a second call does nothing, nor does one after {@link stop}. */
  start(): void {
    if (this.#begun || this.#over) return;
    this.#begun = true;
    const { bytes, stream } = this.#plan;
    if (stream === undefined) {
      if (bytes) this.#send(bytes);
      this.#end();
      return;
    }
    // In hand before the source is subscribed to: whoever is told of a piece may stop.
    this.#sending = captureSubscriber<never>({
      next: () => undefined,
      error: (error) => this.#fail(error),
      complete: () => this.#end(),
    });
    writeBody(stream, { next: (chunk) => this.#send(chunk) }).subscribe(this.#sending);
  }

  stop(): void {
    this.#over = true;
    this.#sending?.unsubscribe();
  }

  #send(chunk: Uint8Array): void {
    if (this.#over) return;
    try {
      this.#exchange.data(chunk);
      this.#bytes += chunk.length;
      this.#observer.uploaded(this.#bytes);
    } catch (error) {
      this.#fail(error); // longer than its Content-Length
    }
  }

  #end(): void {
    if (this.#over) return;
    try {
      const given = typeof this.#trailers === 'function' ? this.#trailers() : this.#trailers;
      this.#exchange.end(given === undefined ? undefined : Fields.from(given));
      this.#observer.sent();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.stop();
    this.#observer.uploadFailed(error);
  }
}
