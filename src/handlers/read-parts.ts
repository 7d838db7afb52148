import { close, fstatSync, open, read, type Stats } from 'node:fs';
import { Observable } from 'rxjs';
import { type HasLeft, LendingBody } from '../../operators/body/lending-body.js';
import { deliver } from '../../operators/core/deliver.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { ByteRange } from '../../operators/exchange/byte-ranges.js';
import { READ_FLAGS } from './open-file.js';

/** What a body is put together from: bytes, and ranges of one file. */
export type BodyPart = Uint8Array | ByteRange;

/** Bytes read at a time, while those before are being sent. */
const CHUNK = 131_072;

/** Memory that has been lent, is back, and waits for the next file: 4 MiB at most. */
const spare: Buffer[] = [];
const MOST_SPARE = 32;

/**
 * Reads parts of a file with credit: one chunk is under way, and the next one is read meanwhile, none before it may go. The file is opened
 * by the subscription, and closed with it. Lent chunks lie in memory that all files share one after the other: buffers made for each would have
 * V8 collect everything, again and again.
 *
 * Fails with `UsageError` `FILE_CHANGED` where it is no longer the file that was looked at; errors of the file system pass as they are.
 */
export function readParts(path: string, parts: readonly BodyPart[], known: Stats): LendingBody {
  return new LendingBody((hasLeft) => readInto(path, parts, known, hasLeft));
}

function readInto(
  path: string,
  parts: readonly BodyPart[],
  known: Stats,
  hasLeft: HasLeft | undefined,
): Observable<Uint8Array> {
  return new Observable((subscriber) => {
    let descriptor: number | undefined;
    let busy = false; // the file system is at work with the descriptor
    let underWay = false; // a chunk has been emitted and not released
    let lent: Buffer | undefined; // the memory it lies in
    let ahead: Uint8Array | undefined;
    let aheadIn: Buffer | undefined;
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
      const lends = hasLeft !== undefined;
      const buffer = (lends && spare.pop()) || Buffer.allocUnsafeSlow(lends ? CHUNK : length);
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
        ahead = count === buffer.length ? buffer : buffer.subarray(0, count);
        if (lends) aheadIn = buffer;
        proceed(fd);
      });
    };
    const released = (): void => {
      underWay = false;
      if (lent !== undefined && spare.length < MOST_SPARE && hasLeft?.() === true) spare.push(lent);
      lent = undefined;
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
        lent = aheadIn;
        ahead = aheadIn = undefined;
        underWay = true;
        fetch(fd);
        deliver(subscriber, chunk, released);
      } while (!subscriber.closed);
      proceeding = false;
      if (!underWay && !busy && ahead === undefined && parts[part] === undefined) subscriber.complete();
    };

    open(path, READ_FLAGS, (error, fd) => {
      if (error) return fail(error);
      descriptor = fd;
      if (subscriber.closed) return shut();
      let stats: Stats;
      try {
        stats = fstatSync(fd);
      } catch (failure) {
        return fail(failure);
      }
      if (stats.ino !== known.ino || stats.size !== known.size || stats.mtimeMs !== known.mtimeMs) return changed();
      proceed(fd);
    });
    return shut;
  });
}
