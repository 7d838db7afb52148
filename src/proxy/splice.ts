import { Observable, type SchedulerLike, type Subscription } from 'rxjs';
import type { DuplexSubject } from '../../operators/core/duplex-subject.js';
import { TimeoutError } from '../../operators/core/protocol-error.js';
import { LONGEST_WAIT } from '../connections/timeouts.js';

type ByteDuplex = DuplexSubject<Uint8Array, Uint8Array>;

export interface SpliceConfig {
  /** Milliseconds without a byte in either direction after which both are closed; 0 or Infinity: never. */
  readonly idle: number;
  readonly scheduler: SchedulerLike;
}

/**
 * Joins two byte streams, each the other's peer from now on: what arrives at one leaves at the other as that takes it, and the end of a
 * direction is passed on while the other goes on. Completes when both have ended; a failure of one closes the other, and is nobody else's
 * business. Unsubscribing closes both.
 */
export function splice(a: ByteDuplex, b: ByteDuplex, { idle, scheduler }: SpliceConfig): Observable<never> {
  return new Observable((subscriber) => {
    let open = 2;
    let last = scheduler.now();
    let watch: Subscription | undefined;

    const closeBoth = (error: unknown): void => {
      open = 0;
      watch?.unsubscribe();
      a.error(error);
      b.error(error);
      subscriber.complete();
    };
    const join = (from: ByteDuplex, to: ByteDuplex): Subscription =>
      from.subscribe({
        next: (chunk) => {
          last = scheduler.now();
          to.next(chunk);
        },
        error: (error: unknown) => {
          if (open > 0) closeBoth(error);
        },
        complete: () => {
          to.complete();
          if (--open === 0) {
            watch?.unsubscribe();
            subscriber.complete();
          }
        },
      });
    const look = (): void => {
      const silent = scheduler.now() - last;
      if (silent >= idle) closeBoth(new TimeoutError('idle', idle));
      else watch = scheduler.schedule(look, Math.min(idle - silent, LONGEST_WAIT));
    };

    if (idle > 0 && idle < Infinity) look();
    join(a, b);
    if (open > 0) join(b, a);
    return () => {
      if (open > 0) closeBoth(new TimeoutError('close', 0, 'the tunnel was given up'));
    };
  });
}
