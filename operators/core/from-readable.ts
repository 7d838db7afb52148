import type { Readable } from 'node:stream';
import { Observable } from 'rxjs';
import { deliver } from './deliver.js';
import { UsageError } from './protocol-error.js';
import { pullAsyncIterable, pullReadableStream } from './pull.js';

/** What {@link fromReadable} reads from. */
export type ReadableLike<T> = Readable | ReadableStream<T> | AsyncIterable<T>;

/**
 * Reads a Node.js stream, a web stream or an async iterable with credit: while a chunk is held nothing more is read, and a
 * Node.js stream is paused.
 *
 * Unsubscribing destroys the Node.js stream, cancels the web stream, or returns the iterator. A Node.js stream that closes
 * before its end fails with `UsageError` `SOURCE_CLOSED`; its own errors pass as they are.
 *
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { fromReadable } from 'rxweir/operators';
 * fromReadable(Readable.from(['a', 'b'])).subscribe();
 * ```
 * @see toReadable
 */
export function fromReadable<T = Uint8Array>(source: ReadableLike<T>): Observable<T> {
  if ('getReader' in source) return pullReadableStream(source);
  if ('pause' in source && 'on' in source) return fromNodeReadable(source);
  return pullAsyncIterable(source);
}

function fromNodeReadable<T>(readable: Readable): Observable<T> {
  return new Observable((subscriber) => {
    let ended = false;
    let held = false;
    let paused = false;

    const released = (): void => {
      held = false;
      if (!paused) return;
      paused = false;
      readable.resume();
    };
    const onData = (chunk: T): void => {
      held = true;
      deliver(subscriber, chunk, released);
      if (!held || subscriber.closed) return;
      paused = true;
      readable.pause();
    };
    const onEnd = (): void => {
      ended = true;
      subscriber.complete();
    };
    const onError = (error: unknown): void => {
      ended = true;
      subscriber.error(error);
    };
    const onClose = (): void => {
      if (!ended) onError(readable.errored ?? new UsageError('SOURCE_CLOSED', 'the stream was closed before its end'));
    };

    if (readable.destroyed || readable.readableEnded) return onClose();
    readable.on('error', onError); // stays: what a stream says after it was left must not end the process
    readable.on('end', onEnd).on('close', onClose).on('data', onData);
    if (readable.isPaused()) readable.resume();
    return () => {
      readable.off('end', onEnd).off('close', onClose).off('data', onData);
      if (!ended) readable.destroy();
    };
  });
}
