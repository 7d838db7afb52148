import { asyncScheduler, concat, type ObservableInput, of, type SchedulerLike } from 'rxjs';
import {
  encodeServerSentEvents,
  type OutboundServerSentEvent,
} from '../../operators/body/encode-server-sent-events.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import { pullInput } from '../../operators/core/pull-input.js';
import type { Handler } from '../server/respond-context.js';
import type { ServerRequest } from '../server/server-request.js';
import { heartbeat } from './heartbeat.js';
import { statusResponse } from './status-response.js';

type Event = string | OutboundServerSentEvent;

/** What to send; a string is the data of an event. */
export type EventSource = ObservableInput<Event>;

/**
 * Makes the events for one reader. It is told the identifier of the last event that reader has seen, where it was here before; undefined
 * tells it not to come back.
 */
export type MakeEvents = (lastEventId: string | undefined, request: ServerRequest) => EventSource | undefined;

export interface EventStreamConfig {
  /** Milliseconds after which a reader that lost the stream is to come back; default its own. */
  readonly retry?: number;
  /** Milliseconds without an event after which a comment is sent, so that nobody on the way takes it for dead. Default 15 000; 0 is none. */
  readonly heartbeat?: number;
  /** Clock of `heartbeat`; default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

const BEAT: OutboundServerSentEvent = { comment: '' };

/**
 * A handler that answers with server-sent events (`text/event-stream`). A source that can be pulled is, as the reader takes events; one that
 * pushes may be ahead of it by `maxQueued` bytes of the server. When it completes the response ends, and the reader comes back.
 *
 * @throws UsageError `INVALID_OPTION`; the stream fails with `INVALID_EVENT` for an event that cannot be sent.
 * @example
 * ```ts
 * import { interval, map } from 'rxjs';
 * import { eventStream, serve } from 'rxweir';
 * const clock = eventStream(() => interval(1000).pipe(map((n) => ({ id: String(n), data: new Date().toISOString() }))));
 * serve({ port: 8080 }, clock).subscribe();
 * ```
 * @see serverSentEvents
 */
export function eventStream(makeEvents: MakeEvents, config: EventStreamConfig = {}): Handler {
  const { retry, heartbeat: milliseconds = 15_000, scheduler = asyncScheduler } = config;
  if (retry !== undefined && !(Number.isSafeInteger(retry) && retry >= 0)) throw invalid('retry');
  if (!(milliseconds >= 0)) throw invalid('heartbeat');

  return (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return statusResponse(405, { allow: 'GET, HEAD' });
    const last = request.fields.get('last-event-id');
    const events = makeEvents(last === undefined ? undefined : Buffer.from(last, 'latin1').toString('utf8'), request);
    if (events === undefined) return statusResponse(204);
    const first = retry === undefined ? BEAT : { retry };
    const all = concat(of<Event>(first), pullInput(events) ?? events).pipe(
      heartbeat<Event>(BEAT, milliseconds, scheduler),
    );
    return {
      fields: {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no', // nginx would keep events until it has a buffer full
      },
      body: all.pipe(encodeServerSentEvents()),
    };
  };
}

function invalid(name: string): UsageError {
  return new UsageError('INVALID_OPTION', `${name}: a number of milliseconds`);
}
