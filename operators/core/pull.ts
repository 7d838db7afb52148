/**
 * Sources that wait to be asked: iterables, async iterables and web streams, as Observables whose next value is pulled
 * only when the one before it was released (see `deliver`).
 *
 * Async iterators and stream readers answer with promises. They are turned into notifications here and nowhere else: an
 * Observable fed by one of these leaves virtual time, everything else stays in it. Unsubscribing returns the iterator, or
 * cancels the reader and gives the lock back, at once.
 */
import { from, Observable, type Subscription } from 'rxjs';
import { deliver } from './deliver.js';

interface Answer<T> {
  value(value: T): void;
  end(): void;
  fail(error: unknown): void;
}

interface Puller {
  /** Asks for one value; it comes through the answer, now or later. A throw is a failure. */
  pull(): void;
  /** Nobody will ask again, and the end was not reached. */
  cancel(): void;
}

/** Emits the values of an iterable (or one-shot iterator) one by one, however many are answered synchronously. */
export function pullIterable<T>(iterable: Iterable<T>): Observable<T> {
  return pulled((answer) => {
    const iterator = iterable[Symbol.iterator]();
    let running = false;
    let cancelled = false;
    return {
      pull() {
        running = true;
        const step = iterator.next();
        running = false;
        if (cancelled) iterator.return?.();
        else if (step.done) answer.end();
        else answer.value(step.value);
      },
      cancel() {
        cancelled = true; // a generator that is running cannot be returned: pull() does it then
        if (!running) iterator.return?.();
      },
    };
  });
}

/** Emits the values of an async iterable one by one. */
export function pullAsyncIterable<T>(iterable: AsyncIterable<T>): Observable<T> {
  return pulled((answer) => {
    const iterator = iterable[Symbol.asyncIterator]();
    return promised(
      answer,
      () => iterator.next(),
      () => iterator.return?.(),
      () => undefined,
    );
  });
}

/** Emits the chunks of a web stream one by one; the stream is locked while subscribed. */
export function pullReadableStream<T>(stream: ReadableStream<T>): Observable<T> {
  return pulled((answer) => {
    const reader = stream.getReader();
    return promised(
      answer,
      () => reader.read() as Promise<IteratorResult<T>>,
      () => reader.cancel(),
      () => reader.releaseLock(),
    );
  });
}

function promised<T>(
  answer: Answer<T>,
  read: () => Promise<IteratorResult<T>>,
  stop: () => Promise<unknown> | undefined,
  leave: () => void,
): Puller {
  let reading: Subscription | undefined;
  return {
    pull() {
      reading = from(read()).subscribe({
        next(step) {
          if (!step.done) return answer.value(step.value);
          leave();
          answer.end();
        },
        error(error) {
          leave();
          answer.fail(error);
        },
      });
    },
    cancel() {
      reading?.unsubscribe();
      const stopped = stop();
      if (stopped !== undefined) from(stopped).subscribe({ error: () => undefined });
      leave();
    },
  };
}

function pulled<T>(open: (answer: Answer<T>) => Puller): Observable<T> {
  return new Observable((subscriber) => {
    let wanted = false;
    let pulling = false;
    let ended = false;

    const puller = open({
      value: (value) => deliver(subscriber, value, pull),
      end() {
        ended = true;
        subscriber.complete();
      },
      fail,
    });

    function fail(error: unknown): void {
      ended = true;
      subscriber.error(error);
    }

    // A value that is released within its own delivery comes back here while the loop runs: no recursion.
    function pull(): void {
      wanted = true;
      if (pulling) return;
      pulling = true;
      try {
        while (wanted && !subscriber.closed) {
          wanted = false;
          puller.pull();
        }
      } catch (error) {
        fail(error);
      } finally {
        pulling = false;
      }
    }

    subscriber.add(() => {
      if (ended) return;
      ended = true;
      try {
        puller.cancel();
      } catch {
        // there is nobody left to tell
      }
    });
    pull();
  });
}
