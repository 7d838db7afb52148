import { firstValueFrom, Observable, type Subscriber } from 'rxjs';
import { hold, type Release } from './deliver.js';

interface Held<T> {
  readonly value: T;
  readonly release: Release;
}

/**
 * `for await` over an Observable with its credit: a value is held until the loop asks for the next one. Breaking out, or a
 * throw in the loop, unsubscribes and releases everything.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { iterate } from 'rxweir/operators';
 * for await (const value of iterate(of(1, 2, 3))) if (value === 2) break;
 * ```
 */
export function iterate<T>(source: Observable<T>): AsyncIterableIterator<T> {
  const queue: Held<T>[] = [];
  const waiting: Subscriber<IteratorResult<T>>[] = [];
  let current: Release | undefined;
  let ended = false;
  let failure: { error: unknown } | undefined;
  let started = false;

  const give = (to: Subscriber<IteratorResult<T>>, held: Held<T>): void => {
    if (waiting.length === 0) current = held.release;
    to.next({ done: false, value: held.value });
    if (waiting.length > 0) held.release(); // the next one was asked for already
  };
  const end = (error?: { error: unknown }): void => {
    if (ended) return;
    ended = true;
    failure = error;
    for (const pull of waiting.splice(0)) settle(pull);
  };
  const settle = (pull: Subscriber<IteratorResult<T>>): void => {
    if (failure) {
      const { error } = failure;
      failure = undefined;
      pull.error(error);
    } else pull.next({ done: true, value: undefined });
  };
  let subscription: { unsubscribe(): void } | undefined;
  const start = (): void => {
    started = true;
    subscription = source.subscribe({
      next(value) {
        const held = { value, release: hold() };
        const pull = waiting.shift();
        if (pull) give(pull, held);
        else queue.push(held);
      },
      error: (error: unknown) => end({ error }),
      complete: () => end(),
    });
  };
  const stop = (): void => {
    subscription?.unsubscribe(); // first, so that credit given back brings nothing more
    current?.();
    current = undefined;
    end();
    for (const { release } of queue.splice(0)) release();
  };

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next() {
      return firstValueFrom(
        new Observable<IteratorResult<T>>((pull) => {
          const release = current;
          current = undefined;
          release?.();
          if (!started && !ended) {
            waiting.push(pull);
            start();
            return;
          }
          const held = queue.shift();
          if (held) give(pull, held);
          else if (ended) settle(pull);
          else waiting.push(pull);
        }),
      );
    },
    return(value?: unknown) {
      stop();
      return firstValueFrom(new Observable<IteratorResult<T>>((pull) => pull.next({ done: true, value })));
    },
    throw(error?: unknown) {
      stop();
      return firstValueFrom(new Observable<IteratorResult<T>>((pull) => pull.error(error)));
    },
  };
}
