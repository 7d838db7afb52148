import { Observable, Subscriber, type Observer, type Subscription } from 'rxjs';

type Listener<T> = Partial<Observer<T>> | ((value: T) => void) | null | undefined;

/**
 * The same Observable for those who only watch: what a subscriber's own callbacks throw is told as a process warning,
 * where RxJS would end the process. Operators put in between are the subscriber's own affair.
 */
export function contained<T>(source: Observable<T>): Observable<T> {
  return new ContainedObservable(source);
}

class ContainedObservable<T> extends Observable<T> {
  constructor(source: Observable<T>) {
    super((subscriber) => source.subscribe(subscriber));
  }

  override subscribe(
    listener?: Listener<T>,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    if (listener instanceof Subscriber) return super.subscribe(listener);
    const observer: Partial<Observer<T>> =
      typeof listener === 'function' || !listener
        ? { ...(listener && { next: listener }), ...(error && { error }), ...(complete && { complete }) }
        : listener;
    return super.subscribe({
      next: (value) => guard(() => observer.next?.(value)),
      error: (thrown: unknown) => guard(() => observer.error?.(thrown)),
      complete: () => guard(() => observer.complete?.()),
    });
  }
}

function guard(call: () => void): void {
  try {
    call();
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error));
  }
}
