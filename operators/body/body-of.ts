import { Observable, type OperatorFunction, type Subscriber } from 'rxjs';
import { captureSubscriber, operate } from '../core/operate.js';
import type { Fields } from '../http/fields.js';
import { cancelBody } from './cancel-body.js';
import { declaredLength } from './declared-length.js';

/** A message: anything with fields and a body, such as a response or a request that a server received. */
export interface BodyCarrier {
  readonly body: Observable<Uint8Array>;
  readonly fields: Fields;
}

/** What body operators take: the bytes themselves, or messages. */
export type BodyInput = Uint8Array | BodyCarrier;

/**
 * The switch all body operators share: applied to bytes it reads the source itself, applied to messages the body of each.
 * As with `switchMap`, another message ends the reading of the one before. A source without any value reads as an empty body.
 *
 * @param read makes the reader of one body; `fields` are those of the message, if there is one. Where it throws, the body is
 *   let go.
 */
export function bodyOf<R>(
  read: (body: Observable<Uint8Array>, fields: Fields | undefined) => Observable<R>,
): OperatorFunction<BodyInput, R> {
  return operate<BodyInput, R>((subscriber, source) => {
    let reader: Subscriber<R> | undefined;
    let kind: 'bytes' | 'messages' | undefined; // what the source turned out to emit
    let bytes: Subscriber<Uint8Array> | undefined; // the way into the reader of bytes
    let sourceDone = false;

    const start = (body: Observable<Uint8Array>, fields: Fields | undefined): void => {
      if (reader) {
        subscriber.remove(reader);
        reader.unsubscribe();
      }
      const current = (reader = captureSubscriber<R>({
        next: (value) => subscriber.next(value),
        error: (error) => subscriber.error(error),
        complete() {
          subscriber.remove(current);
          reader = undefined;
          if (sourceDone || kind === 'bytes') subscriber.complete();
        },
      }));
      subscriber.add(current);
      let reading: Observable<R>;
      try {
        reading = read(body, fields);
      } catch (error) {
        cancelBody(body);
        throw error;
      }
      reading.subscribe(current);
    };
    const startBytes = (): void => {
      kind = 'bytes';
      const body = new Observable<Uint8Array>((way) => {
        bytes = way;
      });
      start(Object.assign(body, { declared: declaredLength(source) }), undefined);
    };

    return {
      next(value) {
        if (value instanceof Uint8Array) {
          if (kind === undefined) startBytes();
          bytes?.next(value);
        } else {
          kind = 'messages';
          start(value.body, value.fields);
        }
      },
      complete() {
        sourceDone = true;
        if (kind === undefined) startBytes();
        if (kind === 'bytes') bytes?.complete();
        else if (reader === undefined) subscriber.complete();
      },
    };
  });
}
