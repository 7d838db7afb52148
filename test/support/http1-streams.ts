import type { Observable } from 'rxjs';
import type { Fields } from '../../operators/http/fields.js';
import type { Http1Event } from '../../operators/http1/event.js';
import type { ByteDuplex } from '../../src/sockets/byte-duplex.js';

/** An event in one line: `response 200`, `data;a=b "hello"`, `end x-sum: 1`, `upgrade "rest"`. */
export function lineOf(event: Http1Event): string {
  switch (event.type) {
    case 'request':
      return `request ${event.method} ${event.target}`;
    case 'response':
    case 'informational':
      return `${event.type} ${event.status}`;
    case 'data': {
      const text = JSON.stringify(Buffer.from(event.chunk).toString('latin1'));
      return event.extension === '' ? `data ${text}` : `data;${event.extension} ${text}`;
    }
    case 'end':
      return event.trailers === undefined ? 'end' : `end ${listOf(event.trailers)}`;
    default:
      return `upgrade ${JSON.stringify(Buffer.from(event.leftover).toString('latin1'))}`;
  }
}

function listOf(fields: Fields): string {
  return [...fields].map(({ name, value }) => `${name}: ${value}`).join(', ');
}

/** What an Observable of events has said so far; `|` and `# CODE` for its end. */
export function linesOf(source: Observable<Http1Event>): string[] {
  const lines: string[] = [];
  source.subscribe({
    next: (event) => lines.push(lineOf(event)),
    error: (error: unknown) => lines.push(`# ${codeOf(error)}`),
    complete: () => lines.push('|'),
  });
  return lines;
}

/** What an end of a pair has received so far, as text; `|` and `# CODE` for its end. */
export function textOf(socket: ByteDuplex): { text: string } {
  const seen = { text: '' };
  socket.subscribe({
    next: (chunk) => (seen.text += Buffer.from(chunk).toString('latin1')),
    error: (error: unknown) => (seen.text += `# ${codeOf(error)}`),
    complete: () => (seen.text += '|'),
  });
  return seen;
}

export function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? String(error);
}

/** The code of what `work` throws. */
export function thrownBy(work: () => void): string | undefined {
  try {
    work();
  } catch (error) {
    return codeOf(error);
  }
  return undefined;
}

export function bytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
