import type { Observable } from 'rxjs';

/** Lets a body go that nobody will read: this cancels its exchange, which would stay open if the body were left alone. */
export function cancelBody(body: Observable<unknown>): void {
  body.subscribe({ error: () => undefined }).unsubscribe();
}
