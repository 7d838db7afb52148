/**
 * The body of a response as a WHATWG byte stream: read with or without a buffer of the reader's, nothing read ahead, each chunk
 * held until the next read.
 *
 * Such a stream takes the buffers it is given away from their owner, and those of a socket belong to many: chunks are copied.
 */
import type { ReadableByteStreamController, UnderlyingByteSource } from 'node:stream/web';
import type { Observable, Subscription } from 'rxjs';
import { hold, type Release } from '../../operators/core/deliver.js';

/**
 * @param signal errors the stream, with its reason, and cancels the source, read from or not
 * @param failed what the stream fails with where the source does
 */
export function byteStream(
  source: Observable<Uint8Array>,
  signal: AbortSignal | undefined,
  failed: (error: unknown) => unknown,
): ReadableStream<Uint8Array> {
  const lane = new ByteLane(source, failed);
  const stream = new ReadableStream(lane);
  if (signal !== undefined) lane.abortBy(signal);
  return stream as ReadableStream<Uint8Array>;
}

/** Signals outlive what they can abort: the listeners of streams that nobody has any more go. */
const forgotten = new FinalizationRegistry<() => void>((unlisten) => unlisten());

class ByteLane implements UnderlyingByteSource {
  readonly type = 'bytes';
  readonly #source: Observable<Uint8Array>;
  readonly #failed: (error: unknown) => unknown;
  readonly #held: Release[] = [];
  #controller!: ReadableByteStreamController;
  #subscription: Subscription | undefined;
  #unlisten: (() => void) | undefined;
  #ended = false;

  constructor(source: Observable<Uint8Array>, failed: (error: unknown) => unknown) {
    this.#source = source;
    this.#failed = failed;
  }

  /** From now on, an aborted signal errors the stream. The signal alone does not keep it alive. */
  abortBy(signal: AbortSignal): void {
    const lane = new WeakRef(this);
    const abort = (): void => lane.deref()?.abort(signal.reason);
    signal.addEventListener('abort', abort);
    this.#unlisten = () => signal.removeEventListener('abort', abort);
    forgotten.register(this, this.#unlisten, this);
  }

  abort(reason: unknown): void {
    if (this.#ended) return;
    this.#controller.error(reason);
    this.cancel();
  }

  start(controller: ReadableByteStreamController): void {
    this.#controller = controller;
  }

  /** Called whenever a reader waits. */
  pull(): void {
    if (this.#subscription !== undefined) return this.#release();
    this.#subscription = this.#source.subscribe({
      next: (chunk) => this.#take(chunk),
      error: (error: unknown) => {
        if (this.#end()) this.#controller.error(this.#failed(error));
      },
      complete: () => {
        if (this.#end()) this.#close();
      },
    });
    if (this.#ended) this.#subscription.unsubscribe();
  }

  cancel(): void {
    if (!this.#end()) return;
    if (this.#subscription !== undefined) this.#subscription.unsubscribe();
    else this.#source.subscribe({ error: () => undefined }).unsubscribe(); // nobody has asked for any of it
  }

  #take(chunk: Uint8Array): void {
    if (this.#ended || chunk.length === 0) return;
    this.#held.push(hold()); // before the reader can ask for the next one
    this.#controller.enqueue(Uint8Array.from(chunk));
  }

  #close(): void {
    try {
      this.#controller.close();
      this.#controller.byobRequest?.respond(0); // a reader's own buffer goes back to it
    } catch {
      // The bytes do not fill the last element of the reader's buffer: it has been told by now.
    }
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#unlisten?.();
    forgotten.unregister(this);
    this.#release();
    return true;
  }

  #release(): void {
    for (const release of this.#held.splice(0)) release();
  }
}
