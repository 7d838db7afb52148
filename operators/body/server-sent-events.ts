import type { OperatorFunction } from 'rxjs';
import { deliver, hold, type Release } from '../core/deliver.js';
import { operate } from '../core/operate.js';
import { bodyOf, type BodyInput } from './body-of.js';
import { EventStreamReader, type ServerSentEvent } from './event-stream-reader.js';

export type { ServerSentEvent } from './event-stream-reader.js';

export interface ServerSentEventsConfig {
  /** The most bytes of one event, comments apart; default 1 MiB. */
  readonly maxEventBytes?: number;
}

/** The most bytes of one event unless told otherwise. */
export const MAX_EVENT_BYTES = 1_048_576;

/**
 * Emits the events of a `text/event-stream` body, over bytes or over messages.
 *
 * ```text
 * source            a---b---|    a = 'data: x\n', b = '\ndata: y\n\n'
 * serverSentEvents  ----(xy)|
 * ```
 *
 * Lines end in LF, CR or CR LF, in any mixture; an event that is not ended by an empty line is dropped, comments are skipped.
 * Events are emitted within the delivery of the chunk that ends them: an event that is held holds that chunk.
 *
 * Fails with `ProtocolError` `EVENT_TOO_LONG` past `maxEventBytes`. WHATWG HTML §9.2.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { serverSentEvents } from 'rxweir/operators';
 * of(Buffer.from('id: 7\ndata: hello\n\n')).pipe(serverSentEvents()).subscribe(({ id, data }) => [id, data]);
 * ```
 * @see resumeEvents
 * @see encodeServerSentEvents
 */
export function serverSentEvents(config: ServerSentEventsConfig = {}): OperatorFunction<BodyInput, ServerSentEvent> {
  return bodyOf((body) => body.pipe(readEvents(new EventStreamReader(config.maxEventBytes ?? MAX_EVENT_BYTES))));
}

/** The stage behind {@link serverSentEvents}, with a reader that its maker can look into. */
export function readEvents(reader: EventStreamReader): OperatorFunction<Uint8Array, ServerSentEvent> {
  return operate((subscriber) => {
    const reentered: { chunk: Uint8Array; release: Release }[] = [];
    let reading = false;
    let sourceDone = false;

    const read = (chunk: Uint8Array): void => {
      reader.push(chunk);
      while (!subscriber.closed) {
        const event = reader.read();
        if (event === undefined) return;
        subscriber.next(event);
      }
    };

    return {
      // A consumer may make the source emit while it is given an event: that chunk waits for its turn.
      next(chunk) {
        if (reading) {
          reentered.push({ chunk, release: hold() });
          return;
        }
        reading = true;
        read(chunk);
        for (let next = reentered.shift(); next; next = reentered.shift()) {
          deliver({ next: read }, next.chunk, next.release);
        }
        reading = false;
        if (sourceDone && !subscriber.closed) subscriber.complete();
      },
      complete() {
        sourceDone = true;
        if (!reading) subscriber.complete();
      },
      finalize() {
        for (const { release } of reentered.splice(0)) release();
      },
    };
  });
}
