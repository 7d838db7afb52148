import { Observable } from 'rxjs';
import { captureSubscriber } from '../core/operate.js';

/** What is read of a body nobody wants, so that its connection can be used again: 64 KiB. */
const MOST = 65_536;

/**
 * Reads a body to its end and drops it, or cancels it once that costs more than a new connection would. Completes either way;
 * an error of the body ends it too.
 */
export function discardBody(body: Observable<Uint8Array>): Observable<never> {
  return new Observable((subscriber) => {
    let bytes = 0;
    const reader = captureSubscriber<Uint8Array>({
      next(chunk) {
        bytes += chunk.length;
        if (bytes <= MOST) return;
        reader.unsubscribe();
        subscriber.complete();
      },
      error: () => subscriber.complete(),
      complete: () => subscriber.complete(),
    });
    subscriber.add(reader);
    body.subscribe(reader);
  });
}
