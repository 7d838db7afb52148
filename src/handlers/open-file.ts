import { close, constants, fstatSync, open, read, realpath, type Stats } from 'node:fs';
import { sep } from 'node:path';
import { Observable } from 'rxjs';

/** A file of which the beginning has been read. */
export interface OpenedFile {
  /** Its real path, without links. */
  readonly path: string;
  readonly stats: Stats;
  /** The whole content, where it is a file of at most `whole` bytes. */
  readonly content: Uint8Array | undefined;
}

/** Not blocked by a FIFO nobody writes, and not led elsewhere by a link put there since. */
export const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** What leads out of the root is as if it were not there. */
class OutsideError extends Error {
  readonly code = 'ENOENT';
}

/**
 * Looks at a file below `root`, through links as long as they stay there, and reads it if it is small. It is closed again by the time this
 * emits, or as soon as nobody waits any more. Errors of the file system pass as they are.
 *
 * @param root its real path
 * @param whole files of at most so many bytes are read
 */
export function openFile(path: string, root: string, whole: number): Observable<OpenedFile> {
  return new Observable((subscriber) => {
    let descriptor: number | undefined;
    let busy = false; // the file system is at work with the descriptor
    const shut = (): void => {
      if (descriptor === undefined || busy) return;
      close(descriptor, () => undefined);
      descriptor = undefined;
    };
    const finish = (file: OpenedFile): void => {
      shut();
      subscriber.next(file);
      subscriber.complete();
    };

    realpath.native(path, (error, real) => {
      if (subscriber.closed) return;
      if (error) return subscriber.error(error);
      if (!isBelow(real, root)) return subscriber.error(new OutsideError('it is not below the root'));
      open(real, READ_FLAGS, (failure, fd) => {
        if (failure) return subscriber.error(failure);
        descriptor = fd;
        if (subscriber.closed) return shut();
        look(real, fd);
      });
    });

    const look = (real: string, fd: number): void => {
      let stats: Stats;
      try {
        stats = fstatSync(fd); // of a file that is open: it waits for nothing, and the way to another thread and back is longer
      } catch (error) {
        return subscriber.error(error);
      }
      if (!stats.isFile() || stats.size > whole) return finish({ path: real, stats, content: undefined });
      if (stats.size === 0) return finish({ path: real, stats, content: new Uint8Array(0) });
      readAll(real, fd, stats);
    };
    const readAll = (real: string, fd: number, stats: Stats): void => {
      const content = Buffer.allocUnsafe(stats.size);
      busy = true;
      read(fd, content, 0, stats.size, 0, (error, count) => {
        busy = false;
        if (subscriber.closed) return shut();
        if (error) return subscriber.error(error);
        // Cut since: it is read as what it was said to be, in the slow way, and that fails as it should.
        finish({ path: real, stats, content: count === stats.size ? content : undefined });
      });
    };
    return shut;
  });
}

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}
