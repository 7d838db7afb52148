import { lstatSync, unlinkSync } from 'node:fs';
import { catchError, EMPTY, ignoreElements, map, tap, type Observable } from 'rxjs';
import type { ByteDuplex } from './byte-duplex.js';
import type { ConnectTarget } from './network.js';
import { openSocket } from './open-socket.js';
import { readBuffer } from './read-buffer.js';
import { unixInfo } from './socket-info.js';
import { streamDuplex } from './stream-duplex.js';
import { push } from './port-events.js';

/** A connection to the UNIX socket at `path`, as `Network.connect` describes. */
export function connectUnix(
  path: string,
  { highWaterMark }: Pick<ConnectTarget, 'highWaterMark'>,
): Observable<ByteDuplex> {
  return openSocket({ path, onread: readBuffer(push) }).pipe(
    map((socket) => streamDuplex(socket, { info: unixInfo('', path), highWaterMark })),
  );
}

/** Removes the socket at `path` if nobody answers there; completes either way. Other files stay. */
export function unlinkStaleSocket(path: string): Observable<never> {
  return openSocket({ path }).pipe(
    tap((socket) => socket.destroy()),
    ignoreElements(),
    catchError((error: unknown) => {
      if ((error as { code?: unknown }).code === 'ECONNREFUSED' && isSocket(path)) unlinkSync(path);
      return EMPTY;
    }),
  );
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;
}
