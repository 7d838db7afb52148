import { close, open, writev } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { OperatorFunction } from 'rxjs';
import { bodyOf, type BodyInput } from '../../operators/body/body-of.js';
import { hold, type Release } from '../../operators/core/deliver.js';
import { operate } from '../../operators/core/operate.js';

export interface ToFileConfig {
  /** How a path is opened, as for `fs.open`; default `w`: created, or emptied if it exists. */
  readonly flags?: string;
  /** Permissions of a file that is created; default 0o666 less the umask. */
  readonly mode?: number;
}

/**
 * Writes a body into a file and emits the number of bytes once all are written and the file is closed, over bytes or over
 * messages. Each chunk is held until it has been written.
 *
 * ```text
 * source  a--b--c|
 * toFile  ---------(n|)
 * ```
 *
 * A file that was given open is written from its position on and stays open. On an error, or when unsubscribed, what was
 * written stays in the file. Errors of the file system pass as they are (`ENOENT`, `ENOSPC`, …).
 *
 * @param file a path, or an open `FileHandle`.
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { toFile } from 'rxweir';
 * of(new Uint8Array([104, 105])).pipe(toFile('/tmp/rxweir-example')).subscribe((bytes) => bytes); // 2
 * ```
 */
export function toFile(
  file: string | URL | FileHandle,
  { flags = 'w', mode = 0o666 }: ToFileConfig = {},
): OperatorFunction<BodyInput, number> {
  return bodyOf((body) => body.pipe(write(file, flags, mode)));
}

function write(file: string | URL | FileHandle, flags: string, mode: number): OperatorFunction<Uint8Array, number> {
  return operate((subscriber) => {
    const owned = typeof file === 'string' || file instanceof URL;
    const chunks: Uint8Array[] = [];
    const releases: Release[] = [];
    let descriptor: number | undefined;
    let busy = false; // the file system is at work with the descriptor
    let left = false;
    let sourceDone = false;
    let written = 0;

    const opened = (fd: number): void => {
      descriptor = fd;
      proceed();
    };
    const proceed = (): void => {
      if (busy || descriptor === undefined) return;
      if (left) return shut();
      if (chunks.length > 0) return writeMore(descriptor);
      if (!sourceDone) return;
      shut((error) => {
        if (error) return subscriber.error(error);
        subscriber.next(written);
        subscriber.complete();
      });
    };
    const writeMore = (fd: number): void => {
      busy = true;
      writev(fd, chunks.slice(0, 1024), (error, count) => {
        busy = false;
        if (error) subscriber.error(error);
        else {
          written += count;
          dropWritten(count);
        }
        proceed();
      });
    };
    /** A write may have been partial: the rest of the first chunk stays. */
    const dropWritten = (count: number): void => {
      let rest = count;
      let done = 0;
      for (let chunk = chunks[done]; chunk && chunk.length <= rest; chunk = chunks[done]) {
        rest -= chunk.length;
        done++;
      }
      chunks.splice(0, done);
      if (rest > 0 && chunks[0]) chunks[0] = chunks[0].subarray(rest);
      for (const release of releases.splice(0, done)) release();
    };
    const shut = (done?: (error: Error | null) => void): void => {
      const fd = descriptor;
      descriptor = undefined;
      if (fd === undefined) return;
      if (owned) close(fd, (error) => done?.(error));
      else done?.(null);
    };

    if (owned) {
      open(file, flags, mode, (error, fd) => {
        if (error) subscriber.error(error);
        else opened(fd);
      });
    } else descriptor = file.fd;

    return {
      next(chunk) {
        chunks.push(chunk);
        releases.push(hold());
        proceed();
      },
      complete() {
        sourceDone = true;
        proceed();
      },
      finalize() {
        left = true;
        chunks.length = 0;
        for (const release of releases.splice(0)) release();
        proceed();
      },
    };
  });
}
