import {
  asyncScheduler,
  defer,
  EMPTY,
  type Observable,
  repeat,
  retry,
  type SchedulerLike,
  throwError,
  timer,
} from 'rxjs';
import { LONGEST_WAIT } from '../core/longest-wait.js';
import { operate } from '../core/operate.js';
import { isProtocolError, isUsageError, ProtocolError } from '../core/protocol-error.js';
import { bodyOf, type BodyInput } from './body-of.js';
import { cancelBody } from './cancel-body.js';
import { EventStreamReader, type ServerSentEvent } from './event-stream-reader.js';
import { MAX_EVENT_BYTES, readEvents, type ServerSentEventsConfig } from './server-sent-events.js';

/** Where a stream of events is taken up again. */
export interface ResumePoint {
  /** For the field `Last-Event-ID`, the bytes of its UTF-8; empty: there was none yet, and no field is to be sent. */
  readonly lastEventId: string;
  /** 0 for the first connection, counted up at each one. */
  readonly attempt: number;
}

export interface ResumeEventsConfig extends ServerSentEventsConfig {
  /** Milliseconds before connecting again, until the source says otherwise with `retry`. Default 3000. */
  readonly delay?: number;
  /** The longest such wait, whatever the source says. Default 60 000. */
  readonly maxDelay?: number;
  /** Connections in a row that may bring no event before it is given up. Default `Infinity`. */
  readonly maxAttempts?: number;
  /** Whether to connect again after this error; default: after every one. */
  readonly retry?: (error: unknown) => boolean;
  /** Clock of the waits; default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

const DELAY = 3000;
const MAX_DELAY = 60_000;

/**
 * The events of a source that connects again when its stream fails or ends, from the last event on: what a browser's
 * `EventSource` does, with any method, fields and body.
 *
 * ```text
 * open('')   -x-#          x has id 7
 * open('7')  -----y-…      3 s later, or what `retry` said
 * result     -x------y-…
 * ```
 *
 * A message with status 204 ends it; one with another status than 200, or a content type other than `text/event-stream`,
 * fails with `ProtocolError` `EVENT_STREAM_REFUSED`, and there is no further attempt. When `maxAttempts` connections in a row
 * brought no event, the last error passes, or it completes. Else as {@link serverSentEvents}.
 *
 * @param open the request for one connection: bytes, or messages as `request` emits them.
 * @example
 * ```ts
 * import { request } from 'rxweir';
 * import { resumeEvents } from 'rxweir/operators';
 * resumeEvents(({ lastEventId }) =>
 *   request({
 *     url: 'http://127.0.0.1:8080/events',
 *     headers: { accept: 'text/event-stream', 'last-event-id': lastEventId || undefined },
 *   }),
 * ).subscribe(({ data }) => console.log(data));
 * ```
 */
export function resumeEvents(
  open: (point: ResumePoint) => Observable<BodyInput>,
  config: ResumeEventsConfig = {},
): Observable<ServerSentEvent> {
  const { maxDelay = MAX_DELAY, maxAttempts = Infinity, scheduler = asyncScheduler } = config;
  return defer(() => {
    let reader = new EventStreamReader(config.maxEventBytes ?? MAX_EVENT_BYTES);
    let attempt = 0;
    let fruitless = 0;
    let delay = config.delay ?? DELAY;
    let ended = false;

    const connection = defer(() => {
      reader = new EventStreamReader(config.maxEventBytes ?? MAX_EVENT_BYTES, reader.lastEventId);
      fruitless++;
      const lastEventId = Buffer.from(reader.lastEventId, 'utf8').toString('latin1');
      return open({ lastEventId, attempt: attempt++ }).pipe(
        acceptStream(() => (ended = true)),
        bodyOf((body) =>
          body.pipe(
            readEvents(reader),
            counted(() => (fruitless = 0)),
          ),
        ),
      );
    });
    const wait = (): Observable<unknown> => {
      delay = reader.retry ?? delay;
      return timer(Math.min(delay, maxDelay, LONGEST_WAIT), scheduler);
    };

    return connection.pipe(
      repeat({ delay: () => (ended || fruitless >= maxAttempts ? EMPTY : wait()) }),
      retry({
        delay: (error: unknown) => {
          const final = isFinal(error) || fruitless >= maxAttempts || config.retry?.(error) === false;
          return final ? throwError(() => error) : wait();
        },
      }),
    );
  });
}

/** Messages are looked at before their body is read: 204 is the end, and anything but a stream of events is refused. */
function acceptStream(end: () => void): (source: Observable<BodyInput>) => Observable<BodyInput> {
  return operate<BodyInput, BodyInput>((subscriber) => ({
    next(value) {
      const { status, fields, body } = value as { status?: number } & Exclude<BodyInput, Uint8Array>;
      if (value instanceof Uint8Array || status === undefined) return subscriber.next(value);
      const type = fields.get('content-type')?.split(';')[0]?.trim().toLowerCase();
      if (status === 200 && type === 'text/event-stream') return subscriber.next(value);
      cancelBody(body);
      if (status !== 204) throw refused(status, type);
      end();
      subscriber.complete();
    },
  }));
}

function counted(seen: () => void): (source: Observable<ServerSentEvent>) => Observable<ServerSentEvent> {
  return operate<ServerSentEvent, ServerSentEvent>((subscriber) => ({
    next(event) {
      seen();
      subscriber.next(event);
    },
  }));
}

function refused(status: number, type: string | undefined): ProtocolError {
  const message = `no stream of events: status ${status}, content type ${JSON.stringify(type?.slice(0, 100) ?? '')}`;
  return new ProtocolError('EVENT_STREAM_REFUSED', message, { scope: 'message' });
}

/** The source does not want to be asked again, or it was asked for something that cannot be. */
function isFinal(error: unknown): boolean {
  return isUsageError(error) || (isProtocolError(error) && error.code === 'EVENT_STREAM_REFUSED');
}
