import type { Subscription } from 'rxjs';
import type { BodyPlan } from '../../operators/body/body-source.js';
import { writeBody } from '../../operators/body/write-body.js';
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
  #subscription: Subscription | undefined;
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

  /** Begins; a second call does nothing. */
  start(): void {
    if (this.#subscription) return;
    const { bytes, stream } = this.#plan;
    let failed = false;
    const fail = (error: unknown): void => {
      if (failed) return;
      failed = true;
      this.#observer.uploadFailed(error);
    };
    const send = (chunk: Uint8Array): void => {
      if (failed) return;
      try {
        this.#exchange.data(chunk);
        this.#bytes += chunk.length;
        this.#observer.uploaded(this.#bytes);
      } catch (error) {
        fail(error); // longer than its Content-Length
      }
    };
    const end = (): void => {
      if (failed) return;
      try {
        const given = typeof this.#trailers === 'function' ? this.#trailers() : this.#trailers;
        this.#exchange.end(given === undefined ? undefined : Fields.from(given));
        this.#observer.sent();
      } catch (error) {
        fail(error);
      }
    };
    if (stream === undefined) {
      if (bytes) send(bytes);
      end();
      return;
    }
    this.#subscription = writeBody(stream, { next: send }).subscribe({ error: fail, complete: end });
    if (failed) this.#subscription.unsubscribe();
  }

  stop(): void {
    this.#subscription?.unsubscribe();
  }
}
