import type { MonoTypeOperatorFunction, SchedulerLike, Subscription } from 'rxjs';
import { deliver, isDelivering, relay } from '../../operators/core/deliver.js';
import { operate } from '../../operators/core/operate.js';
import { LONGEST_WAIT } from '../connections/timeouts.js';

/**
 * Puts a value of our own into a silence. None is put behind values that have not gone yet: a reader that does not read is not owed signs
 * of life, and they would pile up.
 *
 * ```text
 * source     -a------------b|
 * heartbeat  -a----x----x--b|    5 frames
 * ```
 *
 * @param milliseconds 0 or Infinity: none
 */
export function heartbeat<T>(beat: T, milliseconds: number, scheduler: SchedulerLike): MonoTypeOperatorFunction<T> {
  return operate<T, T>((subscriber) => {
    let under = 0; // values that have not gone yet
    let timer: Subscription | undefined;
    const wind = (): void => {
      timer?.unsubscribe();
      timer = undefined;
      if (under > 0 || subscriber.closed || milliseconds === 0 || milliseconds > LONGEST_WAIT) return;
      timer = scheduler.schedule(() => {
        under++;
        deliver(subscriber, beat, gone);
      }, milliseconds);
    };
    const gone = (): void => {
      under--;
      wind();
    };
    wind();
    return {
      next(value) {
        if (isDelivering()) {
          under++;
          relay(subscriber, value, gone);
        } else {
          subscriber.next(value); // pushed: to be counted as such by whoever has a bound on it
          wind();
        }
      },
      finalize: () => timer?.unsubscribe(),
    };
  });
}
