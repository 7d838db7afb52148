import { Observable, type SchedulerLike, timeout, throwError } from 'rxjs';
import { nodeCrypto } from '../../operators/core/node-crypto.js';
import { isProtocolError, ProtocolError, TimeoutError } from '../../operators/core/protocol-error.js';
import { Fields } from '../../operators/http/fields.js';
import { ClientHandshake, type WebSocketAgreement } from '../../operators/websocket/client-handshake.js';
import { LONGEST_WAIT } from '../connections/timeouts.js';
import { milliseconds } from '../connections/web-socket-options.js';
import type { OpenedWebSocket } from '../connections/web-socket-session.js';
import type { RequestConfig } from './request-config.js';
import type { Response } from './response.js';
import type { WebSocketConfig } from './web-socket-config.js';

/** How a request is made. */
export type MakeRequest = (config: RequestConfig) => Observable<Response>;

/**
 * The opening handshake, cold: emits what it opened. Errors: those of the request; `ProtocolError` `HANDSHAKE_REFUSED`, with
 * status and fields of the response as its cause, and `BAD_HANDSHAKE`; `TimeoutError` `TIMEOUT_SETUP`.
 */
export function openWebSocket<In, Out>(
  config: WebSocketConfig<In, Out>,
  request: MakeRequest,
  scheduler: SchedulerLike,
): Observable<OpenedWebSocket> {
  const limit = milliseconds('handshakeTimeout', config.handshakeTimeout, 10_000);
  const opening = new Observable<OpenedWebSocket>((subscriber) => {
    const { version = '1.1', protocols = [], deflate } = config;
    const offered = typeof protocols === 'string' ? [protocols] : protocols;
    const handshake = new ClientHandshake({
      version,
      random: nodeCrypto().randomBytes(16),
      protocols: offered,
      deflate,
    });
    const headers = new Fields(config.headers);
    for (const { name, value } of handshake.fields) headers.set(name, value);
    const url = httpUrl(config.url);
    return request({ ...config, url, version, headers, scheduler, upgrade: 'websocket' }).subscribe({
      next: (response) => {
        try {
          subscriber.next(opened(response, handshake, version));
        } catch (error) {
          letGo(response, error);
          subscriber.error(error);
        }
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
  });
  if (limit === 0 || limit > LONGEST_WAIT) return opening;
  const late = (): Observable<never> => throwError(() => new TimeoutError('setup', limit));
  return opening.pipe(timeout({ first: limit, scheduler, with: late }));
}

function opened(response: Response, handshake: ClientHandshake, version: '1.1' | '2'): OpenedWebSocket {
  const { upgraded, fields, connection } = response;
  const { protocol, deflate } = agreed(response, handshake);
  if (upgraded === undefined) throw new ProtocolError('BAD_HANDSHAKE', 'the response opens no byte stream');
  const status = { state: 'open' as const, protocol, compressed: deflate !== undefined, version, fields, connection };
  return { role: 'client', socket: upgraded, deflate, status };
}

function agreed({ status, fields }: Response, handshake: ClientHandshake): WebSocketAgreement {
  try {
    return handshake.check({ status, fields });
  } catch (error) {
    if (!isProtocolError(error) || error.code !== 'HANDSHAKE_REFUSED') throw error;
    throw new ProtocolError(error.code, error.message, { cause: { status, fields } });
  }
}

/** A response that opens nothing is of no further use, and its connection neither. */
function letGo({ upgraded, body }: Response, error: unknown): void {
  if (upgraded === undefined) body.subscribe({ error: () => undefined }).unsubscribe();
  else upgraded.error(error);
}

/** `ws` and `wss` are `http` and `https` (RFC 6455 §3). A fragment is not sent. */
function httpUrl(url: string | URL): string {
  return String(url).replace(/^ws(?=s?:)/i, 'http');
}
