import type { Stats } from 'node:fs';
import { formatHttpDate } from '../../operators/http/date.js';

/** What is told of a file, and what its conditions are judged by. */
export interface FileFacts {
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly lastModified: number;
  readonly etag: string;
}

/** A file changed more lately than this may change again without its time telling. Milliseconds. */
const SETTLED = 2000;

/**
 * The tag is of size, time and place, which a change of content changes; weak while the file is so young that it could be changed twice
 * within one tick of the file system's clock.
 */
export function fileFacts({ size, mtimeMs, ino }: Stats, now: number): FileFacts {
  const opaque = `"${size.toString(36)}-${Math.round(mtimeMs * 1000).toString(36)}-${ino.toString(36)}"`;
  const settled = now - mtimeMs > SETTLED;
  return { size, lastModified: mtimeMs, etag: settled ? opaque : `W/${opaque}` };
}

/** Value of Last-Modified, which is never in the future (RFC 9110 §8.8.2.1). */
export function lastModifiedField({ lastModified }: FileFacts, now: number): string {
  return formatHttpDate(Math.min(lastModified, now));
}
