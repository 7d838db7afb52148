import { type MonoTypeOperatorFunction, Observable } from 'rxjs';

/**
 * Ends with the reason of an `AbortSignal` when it is aborted, at once where it is already; the source is then left, or never
 * subscribed to. The signal keeps nothing of it afterwards.
 */
export function abortable<T>(signal: AbortSignal | undefined): MonoTypeOperatorFunction<T> {
  return (source) => {
    if (signal === undefined) return source;
    return new Observable((subscriber) => {
      if (signal.aborted) return subscriber.error(signal.reason);
      const abort = (): void => subscriber.error(signal.reason);
      signal.addEventListener('abort', abort);
      subscriber.add(() => signal.removeEventListener('abort', abort));
      source.subscribe(subscriber);
    });
  };
}
