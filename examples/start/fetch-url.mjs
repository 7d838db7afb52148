import { ignoreElements, Observable, tap } from 'rxjs';
import { request } from 'rxweir';
import { holdMap, progress, toFile } from 'rxweir/operators';
import { bytesText, ProgressLine } from './terminal.mjs';

/**
 * Fetches a URL, wherever it leads. The body goes to a file or to standard output, held until it has gone there; the rest to standard error.
 * A status of 400 or more makes the exit code 1.
 *
 * @param {string} url
 * @param {string} [file]
 * @returns {Observable<never>}
 */
export function fetchUrl(url, file) {
  const line = new ProgressLine(process.stderr);
  const started = performance.now();
  let bytes = 0;
  return request(url).pipe(
    tap(({ status, reason, url: from }) => {
      console.error(`${status} ${reason}${from === url ? '' : `, from ${from}`}`);
      if (status >= 400) process.exitCode = 1;
    }),
    progress((now) => {
      bytes = now.bytes;
      line.show(now.bytes, now.total);
    }),
    file === undefined ? toOutput() : toFile(file),
    tap({
      complete: () => {
        const seconds = (performance.now() - started) / 1000;
        line.end(`${bytesText(bytes)} in ${seconds.toFixed(2)} s${file === undefined ? '' : `, in ${file}`}`);
      },
      error: () => line.end(),
    }),
    ignoreElements(),
  );
}

/** Writes to standard output. Where that is slow, the chunk is held and the sender waits. */
function toOutput() {
  process.stdout.on('error', () => undefined); // told below, where the chunk is
  return holdMap(
    (/** @type {Uint8Array} */ chunk) =>
      new Observable((subscriber) => {
        process.stdout.write(chunk, (error) => (error ? subscriber.error(error) : subscriber.complete()));
      }),
  );
}
