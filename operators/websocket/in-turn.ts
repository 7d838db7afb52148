import { deliver, hold, type Release } from '../core/deliver.js';
import { operate } from '../core/operate.js';
import type { OperatorFunction, Subscriber } from 'rxjs';

/** Work on values, one at a time, that may end later. */
export interface TurnWork<In, Out> {
  /** Works on a value and calls `done` once, now or later. */
  take(value: In, done: (result: Out) => void): void;
  /** The source has completed; may throw. */
  end?(): void;
  close(): void;
}

/** Maps each value by work that takes its time, in order; a value is held until its result was consumed. */
export function inTurn<In, Out>(start: (subscriber: Subscriber<Out>) => TurnWork<In, Out>): OperatorFunction<In, Out> {
  return operate<In, Out>((subscriber) => {
    const waiting: { value: In; release: Release }[] = [];
    const work = start(subscriber);
    let busy = false;
    let advancing = false;
    let sourceDone = false;
    let current: Release | undefined;

    const done = (result: Out): void => {
      const release = current as Release;
      current = undefined;
      busy = false;
      deliver(subscriber, result, release);
      advance();
    };
    const advance = (): void => {
      if (advancing) return;
      advancing = true;
      while (!busy && !subscriber.closed) {
        const next = waiting.shift();
        if (next === undefined) break;
        busy = true;
        current = next.release;
        work.take(next.value, done);
      }
      advancing = false;
      if (sourceDone && !busy && waiting.length === 0) subscriber.complete();
    };

    return {
      next(value) {
        waiting.push({ value, release: hold() });
        advance();
      },
      complete() {
        work.end?.();
        sourceDone = true;
        advance();
      },
      finalize() {
        work.close();
        current?.();
        for (const { release } of waiting.splice(0)) release();
      },
    };
  });
}
