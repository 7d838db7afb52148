import { isObservable, take, type Observable, type Subscription } from 'rxjs';
import { Fields, type FieldsInit } from '../../operators/http/fields.js';

/** What comes after a body: a function is called, an Observable is subscribed to, when the body has ended. */
export type Trailers = FieldsInit | (() => FieldsInit) | Observable<FieldsInit>;

/**
 * Asks for what is given, and tells `end` once it is there: without an argument where there is nothing to send.
 *
 * @throws what a function throws, and UsageError of the fields; an Observable fails through `failed`
 */
export function whenTrailers(
  given: Trailers | undefined,
  end: (trailers?: Fields) => void,
  failed: (error: unknown) => void,
): Subscription | undefined {
  if (!isObservable(given)) {
    const init = typeof given === 'function' ? given() : given;
    end(init === undefined ? undefined : Fields.from(init));
    return undefined;
  }
  let last: FieldsInit = [];
  return given.pipe(take(1)).subscribe({
    next: (fields) => {
      last = fields;
    },
    error: failed,
    complete: () => {
      try {
        const trailers = Fields.from(last);
        end(trailers.size === 0 ? undefined : trailers);
      } catch (error) {
        failed(error);
      }
    },
  });
}
