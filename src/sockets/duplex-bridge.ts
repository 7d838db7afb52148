import { Duplex } from 'node:stream';
import { Subscription } from 'rxjs';
import { deliver, hold, type Release } from '../../operators/core/deliver.js';
import type { DuplexSubject } from '../../operators/core/duplex-subject.js';
import { NetworkError } from '../../operators/core/protocol-error.js';

type Done = (error?: Error | null) => void;

/**
 * Bytes both ways as a Node.js stream, for what insists on one (TLS). What is read holds its delivery until the stream's
 * buffer has room again; a write is done when its delivery is released.
 */
export class DuplexBridge extends Duplex {
  readonly #carrier: DuplexSubject<Uint8Array, Uint8Array>;
  readonly #subscription = new Subscription();
  #reading = false;
  #outboundDone = false;
  #held: Release[] = [];
  /** Writes under way, and who waits for them. */
  #writing = 0;
  #written: Done | undefined;
  readonly #gone = (): void => {
    if (--this.#writing > 0) return;
    const done = this.#written;
    this.#written = undefined;
    done?.();
  };

  constructor(carrier: DuplexSubject<Uint8Array, Uint8Array>) {
    super({ allowHalfOpen: true });
    this.#carrier = carrier;
  }

  override _read(): void {
    const held = this.#held;
    this.#held = [];
    for (const release of held) release();
    if (this.#reading) return;
    this.#reading = true;
    this.#subscription.add(
      this.#carrier.subscribe({
        next: (chunk) => {
          if (!this.push(chunk)) this.#held.push(hold());
        },
        error: (error: unknown) => this.destroy(asError(error)),
        complete: () => this.push(null),
      }),
    );
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, done: Done): void {
    this.#writing = 1;
    this.#written = done;
    deliver(this.#carrier, chunk, this.#gone);
  }

  override _writev(chunks: { chunk: Uint8Array }[], done: Done): void {
    this.#writing = chunks.length;
    this.#written = done;
    this.#carrier.cork();
    for (const { chunk } of chunks) deliver(this.#carrier, chunk, this.#gone);
    this.#carrier.uncork();
  }

  override _final(done: Done): void {
    this.#outboundDone = true;
    this.#carrier.complete();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    const held = this.#held;
    this.#held = [];
    for (const release of held) release();
    if (!this.#outboundDone || !this.#reading) {
      this.#carrier.error(error ?? new NetworkError('ECONNABORTED', 'write', 'closed before its end'));
    }
    this.#subscription.unsubscribe();
    done(error);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
