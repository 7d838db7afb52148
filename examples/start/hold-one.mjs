import { defer, EMPTY, finalize, interval, tap, timer } from 'rxjs';
import { holdMap } from 'rxweir/operators';
import { say } from './scene.mjs';
import { bytesText } from './terminal.mjs';

const TOLD = 5;

/**
 * Holds the second of what comes for a while, and tells meanwhile what the sender does.
 *
 * @param {{ milliseconds: number; books: import('./demo-server.mjs').Books; path: string; row: import('./measure.mjs').Row }} what
 * @returns {import('rxjs').OperatorFunction<unknown, unknown>}
 */
export function holdOne({ milliseconds, books, path, row }) {
  return (source) =>
    defer(() => {
      let last = -1;
      const every = milliseconds / TOLD;
      const watching = interval(every).subscribe((n) => {
        const sent = books.sentTo(path);
        const state = sent === last ? 'the sender has stopped' : 'the sender is sending';
        last = sent;
        say(`   after ${every * (n + 1)} ms: sent ${bytesText(sent)}, received ${bytesText(row.bytes)}; ${state}`);
      });
      return source.pipe(
        holdMap((_, index) => (index === 1 ? timer(milliseconds).pipe(tap(() => watching.unsubscribe())) : EMPTY)),
        finalize(() => {
          watching.unsubscribe();
          say(`   released: the rest followed, ${bytesText(row.bytes)} in all`);
        }),
      );
    });
}
