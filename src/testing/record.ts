import {
  asyncScheduler,
  Subscription,
  tap,
  type MonoTypeOperatorFunction,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import type { Http1Closed, Http1ConnectionEvent } from '../../operators/http1/connection-report.js';
import type { Http1Event } from '../../operators/http1/event.js';

/** A connection of either role. */
export interface Recordable {
  readonly events$: Observable<Http1ConnectionEvent>;
  readonly closed$: Observable<Http1Closed>;
}

export interface RecordConfig {
  /** The clock of the diagram, 0 at the start of the recording; default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike | undefined;
}

/** What happened so far; `String(recording)` is the diagram. */
export interface Recording {
  /** Puts what passes here on a lane of its own, in words. */
  lane<T>(name: string, show?: (value: T) => string): MonoTypeOperatorFunction<T>;
  toString(): string;
  /** Records no more of the connection. */
  stop(): void;
}

/**
 * Records a live connection as a diagram: a column for each millisecond in which something happened, a lane for each
 * direction of each stream, `|` or `#` and a code where it ends.
 *
 * ```text
 * ms      0           4    7             10
 * 1 out   GET /, end-----------------------------------
 * 1 in    ------------103--200, 5 bytes--5 bytes, end--
 * closed  -------------------------------|-------------
 * ```
 *
 * @example
 * ```ts
 * import { connect } from 'rxweir';
 * import { record } from 'rxweir/testing';
 * connect('http://127.0.0.1:8080/').subscribe((connection) => {
 *   const recording = record(connection);
 *   connection.closed$.subscribe(() => console.log(String(recording)));
 *   const stream = connection.openStream();
 *   stream.pipe(recording.lane('events', (event) => event.type)).subscribe();
 *   stream.next({ type: 'request', method: 'GET', target: '/', fields: { host: '127.0.0.1:8080' } });
 *   stream.complete();
 *   connection.close();
 * });
 * ```
 */
export function record(connection: Recordable, config: RecordConfig = {}): Recording {
  const scheduler = config.scheduler ?? asyncScheduler;
  const start = scheduler.now();
  const diagram = new Diagram();
  const note = (lane: string, words: string): void => diagram.note(lane, scheduler.now() - start, words);
  const subscription = new Subscription();
  subscription.add(
    connection.events$.subscribe(({ direction, stream, event }) => note(`${stream} ${direction}`, wordsOf(event))),
  );
  subscription.add(connection.closed$.subscribe(({ error }) => note('closed', endOf(error))));
  return {
    lane: (name, show = String) =>
      tap({
        next: (value) => note(name, show(value)),
        error: (error: unknown) => note(name, endOf(error)),
        complete: () => note(name, '|'),
      }),
    toString: () => String(diagram),
    stop: () => subscription.unsubscribe(),
  };
}

/** An event in a word or two. */
function wordsOf(event: Http1Event): string {
  switch (event.type) {
    case 'request':
      return `${event.method} ${event.target}`;
    case 'response':
    case 'informational':
      return String(event.status);
    case 'data': {
      const extension = event.extension === '' ? '' : `;${event.extension}`;
      return `${event.chunk.length} bytes${extension}`;
    }
    case 'end':
      return event.trailers === undefined ? 'end' : `end+${event.trailers.size}`;
    default:
      return event.leftover.length === 0 ? 'upgrade' : `upgrade+${event.leftover.length}`;
  }
}

function endOf(error: unknown): string {
  if (error === undefined) return '|';
  if (!(error instanceof Error)) return '#';
  return `# ${'code' in error ? String(error.code) : error.name}`;
}

/** Lanes of words against time. */
class Diagram {
  readonly #lanes = new Map<string, Map<number, string>>();
  readonly #times = new Set<number>();

  note(lane: string, time: number, words: string): void {
    let cells = this.#lanes.get(lane);
    if (cells === undefined) this.#lanes.set(lane, (cells = new Map<number, string>()));
    const before = cells.get(time);
    cells.set(time, before === undefined ? words : `${before}, ${words}`);
    this.#times.add(time);
  }

  toString(): string {
    const times = [...this.#times].sort((a, b) => a - b);
    const lanes = [...this.#lanes];
    const widths = times.map((time) =>
      Math.max(String(time).length, ...lanes.map(([, cells]) => cells.get(time)?.length ?? 0)),
    );
    const margin = Math.max(2, ...lanes.map(([name]) => name.length));
    const row = (name: string, cell: (time: number) => string, fill: string): string =>
      `${name.padEnd(margin)}  ${times.map((time, i) => cell(time).padEnd((widths[i] as number) + 2, fill)).join('')}`;
    return [
      row('ms', String, ' ').trimEnd(),
      ...lanes.map(([name, cells]) => row(name, (time) => cells.get(time) ?? '', '-')),
    ].join('\n');
  }
}
