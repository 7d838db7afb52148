import { Observable, type OperatorFunction, type Subscriber } from 'rxjs';

/** What an operator does with each notification of its source; absent handlers pass through. */
export interface OperatorHandlers<In> {
  next(value: In): void;
  error?(error: unknown): void;
  complete?(): void;
  /** Runs once on every exit: completion, error, or unsubscription. */
  finalize?(): void;
}

/**
 * The one way to write an operator here.
 *
 * `start` runs once per subscription with the downstream subscriber and the source, and returns the handlers; its locals are the
 * operator's state. A throw in `start` or in a handler becomes an error notification (thrown inside a bare
 * `new Observable` it would end the process), and the source is let go before the error is seen. A synchronous source
 * stops as soon as the downstream does.
 *
 * Handlers that emit in a loop test `subscriber.closed` after each emission.
 */
export function operate<In, Out>(
  start: (subscriber: Subscriber<Out>, source: Observable<In>) => OperatorHandlers<In>,
): OperatorFunction<In, Out> {
  return (source) =>
    new Observable<Out>((subscriber) => {
      const handlers = start(subscriber, source);
      const inner = captureSubscriber<In>({
        next(value) {
          try {
            handlers.next(value);
          } catch (error) {
            fail(error);
          }
        },
        error(error) {
          if (!handlers.error) return subscriber.error(error);
          try {
            handlers.error(error);
          } catch (thrown) {
            fail(thrown);
          }
        },
        complete() {
          if (!handlers.complete) return subscriber.complete();
          try {
            handlers.complete();
          } catch (error) {
            fail(error);
          }
        },
      });
      const fail = (error: unknown): void => {
        inner.unsubscribe();
        subscriber.error(error);
      };
      subscriber.add(inner);
      // After the source is let go: credit given back in finalize() must not bring another value.
      if (handlers.finalize) subscriber.add(() => handlers.finalize?.());
      source.subscribe(inner);
    });
}

/** A real subscriber around `handlers`, in hand before its source is subscribed, so that it can be closed from inside. */
export function captureSubscriber<T>(handlers: {
  next(value: T): void;
  error(error: unknown): void;
  complete(): void;
}): Subscriber<T> {
  let captured!: Subscriber<T>;
  new Observable<T>((subscriber) => {
    captured = subscriber;
  }).subscribe(handlers);
  return captured;
}
