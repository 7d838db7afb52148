import { from, type ObservableInput, type OperatorFunction } from 'rxjs';
import { deliver, hold, type Release } from './deliver.js';
import { captureSubscriber, operate } from './operate.js';

export interface HoldMapConfig {
  /** How many inner Observables run at a time; the default 1 keeps order. */
  readonly concurrent?: number;
}

/**
 * Maps each value to an inner Observable and emits what those emit, holding the source's credit for a value until its
 * inner Observable has completed and all it emitted was consumed. Like `mergeMap`, but the source waits.
 *
 * ```text
 * source   a-b-c|        window of one value
 * project  --x|
 * result   --x--x--x|    b leaves the source only when a is done
 * ```
 *
 * @param project called with the value and its index; a throw ends the result with that error.
 * @example
 * ```ts
 * import { of, delay } from 'rxjs';
 * import { holdMap } from 'rxweir/operators';
 * of(1, 2, 3).pipe(holdMap((row) => of(row * 2).pipe(delay(1)), { concurrent: 2 })).subscribe();
 * ```
 * @see iterate
 */
export function holdMap<T, R>(
  project: (value: T, index: number) => ObservableInput<R>,
  { concurrent = 1 }: HoldMapConfig = {},
): OperatorFunction<T, R> {
  return operate((subscriber) => {
    const waiting: { value: T; release: Release }[] = [];
    const running = new Set<Release>();
    let active = 0;
    let index = 0;
    let sourceDone = false;
    let starting = false;

    const start = (value: T, release: Release): void => {
      active++;
      let pending = 1; // the inner Observable itself, and each emission not yet consumed
      const settle = (): void => {
        if (--pending > 0) return;
        running.delete(release);
        release();
      };
      running.add(release);
      const source = from(project(value, index++));
      const inner = captureSubscriber<R>({
        next(result) {
          const releaseInner = hold();
          pending++;
          deliver(subscriber, result, () => {
            releaseInner();
            settle();
          });
        },
        error(error) {
          subscriber.error(error);
        },
        complete() {
          subscriber.remove(inner);
          active--;
          settle();
          startWaiting();
          if (sourceDone && active === 0 && waiting.length === 0) subscriber.complete();
        },
      });
      subscriber.add(inner); // before it is subscribed, so that a synchronous one can be stopped
      source.subscribe(inner);
    };

    const startWaiting = (): void => {
      if (starting) return; // a synchronous inner completion: the loop below goes on
      starting = true;
      try {
        while (active < concurrent && waiting.length > 0 && !subscriber.closed) {
          const { value, release } = waiting.shift() as { value: T; release: Release };
          start(value, release);
        }
      } catch (error) {
        subscriber.error(error);
      } finally {
        starting = false;
      }
    };

    return {
      next(value) {
        waiting.push({ value, release: hold() });
        startWaiting();
      },
      complete() {
        sourceDone = true;
        if (active === 0 && waiting.length === 0) subscriber.complete();
      },
      finalize() {
        for (const release of running) release();
        for (const { release } of waiting) release();
        running.clear();
        waiting.length = 0;
      },
    };
  });
}
