import type { OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import { UsageError } from '../core/protocol-error.js';

/** An event to send. With nothing but a comment it is a sign of life that no reader sees. */
export interface OutboundServerSentEvent {
  /** Without it, `message`. */
  readonly type?: string | undefined;
  /** Any text; its lines are sent one by one. */
  readonly data?: string | undefined;
  /** What `Last-Event-ID` will say when the reader comes back. */
  readonly id?: string | undefined;
  /** Milliseconds after which a reader that lost the stream is to come back. */
  readonly retry?: number | undefined;
  readonly comment?: string | undefined;
}

/**
 * Writes events as `text/event-stream`; a string is the data of one.
 *
 * ```text
 * source  a-----------b|      a = 'x', b = { id: '7', data: 'y' }
 * bytes   m-----------n|      'data: x\n\n', 'id: 7\ndata: y\n\n'
 * ```
 *
 * Fails with `UsageError` `INVALID_EVENT` for a type or identifier with line ends or NUL, and a retry that is no whole number.
 *
 * @example
 * ```ts
 * import { interval, map } from 'rxjs';
 * import { serve } from 'rxweir';
 * import { encodeServerSentEvents } from 'rxweir/operators';
 * const ticks = interval(1000).pipe(map((n) => ({ id: String(n), data: `tick ${n}` })), encodeServerSentEvents());
 * serve({ port: 0 }, () => ({ fields: { 'content-type': 'text/event-stream' }, body: ticks }));
 * ```
 * @see serverSentEvents
 */
export function encodeServerSentEvents(): OperatorFunction<string | OutboundServerSentEvent, Uint8Array> {
  return operate((subscriber) => {
    const encoder = new TextEncoder();
    return {
      next(event) {
        subscriber.next(encoder.encode(layOut(typeof event === 'string' ? { data: event } : event)));
      },
    };
  });
}

function layOut({ type, data, id, retry, comment }: OutboundServerSentEvent): string {
  let text = comment === undefined ? '' : linesOf('', comment);
  if (type !== undefined) text += `event: ${oneLine('type', type)}\n`;
  if (id !== undefined) text += `id: ${oneLine('id', id)}\n`;
  if (retry !== undefined) {
    if (!Number.isSafeInteger(retry) || retry < 0) throw invalid('retry');
    text += `retry: ${retry}\n`;
  }
  if (data !== undefined) text += linesOf('data', data);
  return `${text}\n`;
}

/** One field line for each line of the text, whatever its lines end in. */
function linesOf(name: string, text: string): string {
  let lines = '';
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? 10 : text.charCodeAt(i);
    if (code !== 10 && code !== 13) continue;
    lines += `${name}: ${text.slice(start, i)}\n`;
    if (code === 13 && text.charCodeAt(i + 1) === 10) i++;
    start = i + 1;
  }
  return lines;
}

function oneLine(name: string, text: string): string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 10 || code === 13 || code === 0) throw invalid(name);
  }
  return text;
}

function invalid(name: string): UsageError {
  return new UsageError('INVALID_EVENT', `the ${name} of an event cannot be sent`);
}
