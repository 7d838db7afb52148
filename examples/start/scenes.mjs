import { concat, defer, finalize, interval, takeUntil, takeWhile, tap, timer } from 'rxjs';
import { takeBytes } from 'rxweir/operators';
import { holdOne } from './hold-one.mjs';
import { measured } from './measure.mjs';
import { say, scene } from './scene.mjs';
import { bytesText, ProgressLine } from './terminal.mjs';

/**
 * What a scene works with; each fills one row of the table.
 * @typedef {{ client: import('rxweir').Client; version: '1.1' | '2'; origin: string; books: import('./demo-server.mjs').Books }} Stage
 * @typedef {import('./measure.mjs').Row} Row
 */

const MEBIBYTE = 1024 * 1024;
const HOLD = 1500;

/**
 * @param {Stage} stage
 * @param {Row} row
 */
export function download(stage, row) {
  const size = 64 * MEBIBYTE;
  const line = new ProgressLine(process.stdout);
  const shown = measured(stage, `${stage.origin}/file/64`, row).pipe(tap(() => line.show(row.bytes, size)));
  return scene('A download, chunk by chunk', shown.pipe(finalize(() => line.end())));
}

/**
 * @param {Stage} stage
 * @param {Row} row
 */
export function holding(stage, row) {
  const path = `/slow/48?over=${stage.version}`;
  return scene(
    `A consumer that holds one chunk for ${HOLD} ms`,
    measured(stage, stage.origin + path, row).pipe(holdOne({ milliseconds: HOLD, books: stage.books, path, row })),
  );
}

/**
 * @param {Stage} stage
 * @param {Row} row
 */
export function cancelling(stage, row) {
  const { client, origin, books, version } = stage;
  const path = `/endless?over=${version}`;
  return scene(
    'A body without end, cancelled after 4 MiB',
    defer(() => {
      const listening = client.events$.subscribe((event) => {
        if (event.type === 'cancelled') say(`   client: cancelled in the ${event.phase}, ${event.effect}`);
      });
      const seen = interval(20).pipe(
        takeWhile(() => !books.cancelled.has(path)),
        takeUntil(timer(2000)),
      );
      return concat(measured(stage, origin + path, row).pipe(takeBytes(4 * MEBIBYTE)), seen).pipe(
        finalize(() => {
          listening.unsubscribe();
          say(
            `   server: ${books.cancelled.has(path) ? 'saw it and stopped' : 'has not seen it yet'} after ${bytesText(books.sentTo(path))}`,
          );
        }),
      );
    }),
  );
}

/**
 * A small request, to see which connection it is given.
 * @param {Stage} stage
 * @param {Row} row
 */
export function small(stage, row) {
  return scene(
    'A small request',
    measured(stage, `${stage.origin}/small/1`, row).pipe(
      finalize(() => say(`   ${bytesText(row.bytes)} over a ${row.connection} connection`)),
    ),
  );
}
