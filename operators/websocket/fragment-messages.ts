import type { OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import { UsageError } from '../core/protocol-error.js';
import { type WebSocketFrame, webSocketCloseFrame, webSocketFrame } from './frame.js';
import type { WebSocketEvent, WebSocketMessage } from './message.js';
import { WebSocketOpcode } from './opcode.js';

export interface FragmentMessagesConfig {
  /** The longest payload of a data frame; by default messages are one frame each. Bytes. */
  readonly maxFrameSize?: number;
}

/**
 * Turns messages into frames: strings, bytes, and the events of `assembleMessages` in, frames out.
 *
 * ```text
 * messages  --a-----p--b--|    a is longer than a frame may be
 * frames    --(xy)--p--b--|
 * ```
 *
 * Text is cut between bytes, not characters (RFC 6455 §5.4 allows it). All frames of a message are emitted while it is
 * delivered, so a hold on any of them holds the message.
 *
 * Errors: `UsageError` `INVALID_LIMIT` is thrown; `INVALID_FRAME`, `INVALID_CLOSE_CODE`, `INVALID_CLOSE_REASON`.
 *
 * RFC 6455 §5.4.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { fragmentMessages } from 'rxweir/operators';
 * of('hello')
 *   .pipe(fragmentMessages({ maxFrameSize: 3 }))
 *   .subscribe(({ opcode, fin }) => console.log(opcode, fin)); // 1 false, 0 true
 * ```
 * @see assembleMessages
 */
export function fragmentMessages(
  config: FragmentMessagesConfig = {},
): OperatorFunction<WebSocketMessage | WebSocketEvent, WebSocketFrame> {
  const { maxFrameSize = Infinity } = config;
  if (!(maxFrameSize >= 1))
    throw new UsageError('INVALID_LIMIT', `maxFrameSize must be at least 1, not ${maxFrameSize}`);
  return operate((subscriber) => {
    const message = (first: number, data: WebSocketMessage): void => {
      const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
      let opcode = first;
      let at = 0;
      do {
        const end = Math.min(bytes.length, at + maxFrameSize);
        const payload = at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end);
        at = end;
        subscriber.next(webSocketFrame(opcode, payload, end === bytes.length));
        opcode = WebSocketOpcode.CONTINUATION;
      } while (at < bytes.length && !subscriber.closed);
    };
    return {
      next(value) {
        if (typeof value === 'string') message(WebSocketOpcode.TEXT, value);
        else if (value instanceof Uint8Array) message(WebSocketOpcode.BINARY, value);
        else if (value.type === 'text') message(WebSocketOpcode.TEXT, value.data);
        else if (value.type === 'binary') message(WebSocketOpcode.BINARY, value.data);
        else if (value.type === 'ping') subscriber.next(webSocketFrame(WebSocketOpcode.PING, value.data));
        else if (value.type === 'pong') subscriber.next(webSocketFrame(WebSocketOpcode.PONG, value.data));
        else subscriber.next(webSocketCloseFrame(value.code, value.reason));
      },
    };
  });
}
