import { asyncScheduler, type SchedulerLike } from 'rxjs';
import type { DuplexSubject } from '../../operators/core/duplex-subject.js';
import { Http1ServerConnection } from '../../operators/http1/http1-server-connection.js';
import type { Http2Config } from '../connections/http2-config.js';
import { Http2Subject } from '../connections/http2-subject.js';
import type { ServerConnectionOptions } from '../../operators/http1/server-connection-options.js';

/**
 * Speaks HTTP/1 as a server over bytes you have, driven by hand: a socket of `listen`, one of your own, an end of a
 * `memoryPair`. Nothing is read before `streams$` is subscribed to. `maxRequests` has no limit unless you set one.
 *
 * @throws `UsageError` `INVALID_LIMIT`.
 * @example
 * ```ts
 * import { acceptHttp1, nodeNetwork } from 'rxweir';
 * nodeNetwork.listen({ host: '127.0.0.1' }).subscribe(({ connections }) =>
 *   connections.subscribe((socket) =>
 *     acceptHttp1(socket).streams$.subscribe((stream) => {
 *       stream.next({ type: 'response', status: 204 });
 *       stream.complete();
 *     }),
 *   ),
 * );
 * ```
 */
export function acceptHttp1<Info>(
  socket: DuplexSubject<Uint8Array, Uint8Array, Info>,
  options?: ServerConnectionOptions,
): Http1ServerConnection<Info> {
  return new Http1ServerConnection(socket, options);
}

/**
 * Speaks HTTP/2 as a server over bytes you have, driven by hand: requests are `streams$`. It starts reading at once.
 *
 * @throws `UsageError` `INVALID_LIMIT`.
 * @example
 * ```ts
 * import { acceptHttp2, nodeNetwork } from 'rxweir';
 * nodeNetwork.listen({ host: '127.0.0.1' }).subscribe(({ connections }) =>
 *   connections.subscribe((socket) =>
 *     acceptHttp2(socket).streams$.subscribe((stream) => {
 *       stream.next({ type: 'response', status: 204, endStream: true });
 *     }),
 *   ),
 * );
 * ```
 */
export function acceptHttp2<Info>(
  socket: DuplexSubject<Uint8Array, Uint8Array, Info>,
  { settings, ...limits }: Http2Config = {},
  scheduler: SchedulerLike = asyncScheduler,
): Http2Subject<Info> {
  return new Http2Subject(socket, { role: 'server', limits, settings, now: () => scheduler.now() }).open();
}
