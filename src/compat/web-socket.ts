/**
 * `rxjs/webSocket` in Node: RxJS's own, over a client of rxweir.
 * @module rxweir/compat/web-socket
 */
import { WebSocketSubject, type WebSocketSubjectConfig } from 'rxjs/webSocket';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { Client } from '../client/client.js';
import { webSocket as defaultWebSocket } from '../client/web-socket.js';
import type { WebSocketConfig } from '../client/web-socket-config.js';
import { ClientWebSocket } from './client-web-socket.js';

export { WebSocketSubject, type WebSocketSubjectConfig } from 'rxjs/webSocket';

/** What RxJS's configuration has no place for: limits, time limits, headers, TLS and the like. */
export type CreateWebSocketConfig = Omit<WebSocketConfig, 'deserializer' | 'protocols' | 'serializer' | 'url'>;

type WebSocketFunction = <T>(input: string | WebSocketSubjectConfig<T>) => WebSocketSubject<T>;

/**
 * `webSocket` of RxJS whose connections are opened by a client: its proxy, cookies, time limits and TLS options.
 *
 * @example
 * ```ts
 * import { createClient } from 'rxweir';
 * import { createWebSocket } from 'rxweir/compat/web-socket';
 * const webSocket = createWebSocket(createClient(), { headers: { authorization: 'Bearer 1' } });
 * webSocket('ws://127.0.0.1:8080/echo').subscribe({ next: console.log, error: console.error });
 * ```
 */
export function createWebSocket(
  client: Pick<Client, 'webSocket'>,
  options: CreateWebSocketConfig = {},
): WebSocketFunction {
  class WebSocketCtor extends ClientWebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(client.webSocket({ ...options, url, protocols }));
    }
  }
  // Those of RxJS cannot be typed without the types of a browser.
  const ours = { WebSocketCtor } as unknown as Pick<WebSocketSubjectConfig<never>, 'WebSocketCtor'>;

  return <T>(input: string | WebSocketSubjectConfig<T>): WebSocketSubject<T> => {
    const config = typeof input === 'string' ? { url: input } : input;
    if (config.WebSocketCtor) {
      throw new UsageError(
        'INVALID_OPTION',
        'WebSocketCtor: connections are opened by rxweir; rxjs/webSocket takes another',
      );
    }
    return new WebSocketSubject<T>({ ...config, ...ours });
  };
}

/**
 * `webSocket` as `rxjs/webSocket` has it, on the default client: JSON unless told otherwise, `multiplex`, observers of opening
 * and closing, `error({ code, reason })`. `WebSocketCtor` is refused, with `UsageError` `INVALID_OPTION`.
 *
 * What an `ErrorEvent` tells has what happened as its `error`, with a code. Holding a message stops reading; what is sent
 * inside a delivery holds it. Before the connection is open RxJS keeps what is sent without a bound; after that more than
 * `maxBufferedBytes` fail with `SEND_OVERFLOW`.
 *
 * @example
 * ```ts
 * import { webSocket } from 'rxweir/compat/web-socket';
 * const subject = webSocket('ws://127.0.0.1:8080/echo');
 * subject.subscribe({ next: () => subject.complete(), error: console.error });
 * subject.next({ message: 'some message' });
 * ```
 */
export const webSocket: WebSocketFunction = createWebSocket({ webSocket: defaultWebSocket });
