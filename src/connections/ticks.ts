import { Observable } from 'rxjs';
import type { Deadlines } from './timeouts.js';

/** Emits every so many milliseconds, and does not keep the process alive for it. */
export function ticks(deadlines: Deadlines, milliseconds: number): Observable<void> {
  return new Observable((subscriber) => {
    const deadline = deadlines.create(() => {
      deadline.arm(milliseconds);
      subscriber.next();
    });
    deadline.arm(milliseconds);
    return () => deadline.disarm();
  });
}
