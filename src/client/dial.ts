import { catchError, concat, defer, map, type Observable, of, switchMap, take, throwError } from 'rxjs';
import { isNetworkError, ProtocolError } from '../../operators/core/protocol-error.js';
import type { ByteSubject } from '../../operators/http1/detach.js';
import type { Settings } from '../../operators/http2/settings.js';
import type { ByteDuplex } from '../sockets/byte-duplex.js';
import type { ConnectionOptions } from './connection-options.js';
import { upgradeToHttp2 } from './h2c-upgrade.js';
import { openRoute, type Opening } from './open-route.js';
import type { RequestConfig } from './request-config.js';
import type { Route } from './route.js';
import type { Target } from './target.js';

/** What may be spoken with an origin: `any` is for ALPN to decide, `h2c` for an upgrade. */
export type Versions = 'http1' | 'http2' | 'any' | 'h2c';

/** A connection, and what is spoken on it. */
export interface Dialled {
  readonly socket: ByteDuplex;
  readonly http2: boolean;
  /** What carries HTTP/2 after an upgrade from HTTP/1. */
  readonly upgraded: ByteSubject | undefined;
}

/** Over TLS the server picks, unless the request is for one version; without it, HTTP/2 is prior knowledge (RFC 9113 §3). */
export function versionsOf(
  version: RequestConfig['version'],
  { secure }: Target,
  route: Route,
  h2c: boolean,
): Versions {
  if (version === '2') return 'http2';
  if (version !== undefined) return 'http1';
  if (secure) return 'any';
  return h2c && !route.forwards ? 'h2c' : 'http1';
}

/**
 * Connects, and finds out what is spoken. Fails with what `openRoute` fails with, and `ProtocolError`
 * `VERSION_REFUSED` where only HTTP/2 would do.
 *
 * @param settings what an upgrade announces
 */
export function dial(
  target: Target,
  options: ConnectionOptions,
  route: Route,
  versions: Versions,
  settings: Partial<Settings>,
  opening: Opening,
): Observable<Dialled> {
  // A proxy that is handed whole requests is spoken to in HTTP/1, whatever is spoken behind it.
  const place = route.forwards ? { ...target, secure: false } : target;
  const connecting = openRoute(place, options, route, offered(versions), opening);
  if (versions !== 'h2c') {
    return connecting.pipe(
      catchError((error: unknown) => throwError(() => (noCommonProtocol(error) ? refused(target, error) : error))),
      switchMap((socket) => told(socket, versions, target)),
    );
  }
  const upgraded = connecting.pipe(
    switchMap((socket) =>
      upgradeToHttp2(socket, target, settings).pipe(map((bytes) => ({ socket, http2: true, upgraded: bytes }))),
    ),
  );
  const http1 = defer(() => dial(target, options, route, 'http1', settings, opening));
  return concat(upgraded, http1).pipe(take(1));
}

/** For ALPN, best first (RFC 7301). */
function offered(versions: Versions): readonly string[] {
  if (versions === 'http2') return ['h2'];
  return versions === 'any' ? ['h2', 'http/1.1'] : ['http/1.1'];
}

/** The server has ended the handshake, since it speaks nothing of what was offered (RFC 7301 §3.2). */
function noCommonProtocol(error: unknown): boolean {
  return isNetworkError(error) && error.code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL';
}

function refused({ origin }: Target, cause?: unknown): ProtocolError {
  return new ProtocolError('VERSION_REFUSED', `${origin} does not speak the version that was asked for`, { cause });
}

function told(socket: ByteDuplex, versions: Versions, target: Target): Observable<Dialled> {
  const { tls } = socket.info;
  const http2 = tls === undefined ? versions === 'http2' : tls.alpnProtocol === 'h2';
  if (http2 || versions !== 'http2') return of({ socket, http2, upgraded: undefined });
  socket.error(undefined);
  return throwError(() => refused(target));
}
