import { close, constants, fstat, open, read, type Stats } from 'node:fs';
import { Observable } from 'rxjs';
import { deliver } from '../../operators/core/deliver.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { ByteRange } from '../../operators/exchange/byte-ranges.js';

/** What a body is put together from: bytes, and ranges of one file. */
export type BodyPart = Uint8Array | ByteRange;

/** Bytes read at a time, while those before are being sent. */
const CHUNK = 131_072;

/**
 * Reads parts of a file with credit: one chunk is under way, and the next one is read meanwhile, none before it may go. The file is opened
 * by the subscription, and closed with it.
 *
 * Fails with `UsageError` `FILE_CHANGED` where it is no longer the file that was looked at; errors of the file system pass as they are.
 */
export function readParts(path: string, parts: readonly BodyPart[], known: Stats): Observable<Uint8Array> {
  return new Observable((subscriber) => {
    let descriptor: number | undefined;
    let busy = false; // the file system is at work with the descriptor
    let underWay = false; // a chunk has been emitted and not released
    let ahead: Uint8Array | undefined;
    let part = 0;
    let position = -1;

    const shut = (): void => {
      if (descriptor === undefined || busy) return;
      close(descriptor, () => undefined);
      descriptor = undefined;
    };
    const fail = (error: unknown): void => subscriber.error(error);
    const changed = (): void => fail(new UsageError('FILE_CHANGED', 'the file was changed while it was being sent'));

    /** Reads the next chunk, unless there is one already. */
    const fetch = (fd: number): void => {
      if (busy || ahead !== undefined || subscriber.closed) return;
      const next = parts[part];
      if (next === undefined) return;
      if (next instanceof Uint8Array) {
        part++;
        ahead = next;
        return;
      }
      if (position < 0) position = next.first;
      const length = Math.min(CHUNK, next.last + 1 - position);
      const buffer = Buffer.allocUnsafeSlow(length);
      busy = true;
      read(fd, buffer, 0, length, position, (error, count) => {
        busy = false;
        if (subscriber.closed) return shut();
        if (error) return fail(error);
        if (count === 0) return changed();
        position += count;
        if (position > next.last) {
          part++;
          position = -1;
        }
        ahead = count === length ? buffer : buffer.subarray(0, count);
        proceed(fd);
      });
    };
    const released = (): void => {
      underWay = false;
      if (descriptor !== undefined) proceed(descriptor);
    };
    let proceeding = false;
    const proceed = (fd: number): void => {
      if (proceeding) return; // released within its own delivery: the loop below goes on
      proceeding = true;
      do {
        fetch(fd);
        const chunk = ahead;
        if (underWay || chunk === undefined) break;
        ahead = undefined;
        underWay = true;
        fetch(fd);
        deliver(subscriber, chunk, released);
      } while (!subscriber.closed);
      proceeding = false;
      if (!underWay && !busy && ahead === undefined && parts[part] === undefined) subscriber.complete();
    };

    open(path, constants.O_RDONLY, (error, fd) => {
      if (error) return fail(error);
      descriptor = fd;
      if (subscriber.closed) return shut();
      busy = true;
      fstat(fd, (failure, stats) => {
        busy = false;
        if (subscriber.closed) return shut();
        if (failure) return fail(failure);
        if (stats.ino !== known.ino || stats.size !== known.size || stats.mtimeMs !== known.mtimeMs) return changed();
        proceed(fd);
      });
    });
    return shut;
  });
}
