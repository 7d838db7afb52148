import type { OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import { readClosePayload } from './close-payload.js';
import { decodeText } from './decode-text.js';
import type { WebSocketFrame } from './frame.js';
import type { WebSocketEvent } from './message.js';
import { MessageAssembler } from './message-assembler.js';
import { isControlOpcode, WebSocketOpcode } from './opcode.js';
import { frameError, messageTooLarge, tooManyFragments, truncatedInput } from './websocket-error.js';

export interface AssembleMessagesConfig {
  /** The longest message; default 16 MiB. Bytes. */
  readonly maxMessageSize?: number;
  /** Frames in one message; default 1024. */
  readonly maxFragments?: number;
}

const DEFAULTS = { maxMessageSize: 16_777_216, maxFragments: 1024 } as const;

/**
 * Puts the frames of messages together: frames in, messages and control frames out.
 *
 * ```text
 * frames    --a--p--b-----c--|    a and b: two fragments with a ping between them
 * messages  -----p--(ab)--c--|
 * ```
 *
 * A message of one frame is not copied: its bytes are the frame's.
 *
 * Errors: `ProtocolError` of scope `connection`, its `wireCode` the close code to answer with: `INVALID_UTF8`, at the first
 * fragment that shows it; `BAD_FRAGMENT`; `BAD_FRAME` for a compressed message, which `inflateMessages` should have seen;
 * `BAD_CLOSE_FRAME`; `MESSAGE_TOO_LARGE` and `FRAGMENT_LIMIT` with `limit`; `TRUNCATED_FRAME` for an end inside a message.
 *
 * RFC 6455 §5.4, §5.5, §5.6.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { assembleMessages, webSocketFrame } from 'rxweir/operators';
 * of(webSocketFrame(1, 'hel', false), webSocketFrame(0, 'lo'))
 *   .pipe(assembleMessages())
 *   .subscribe((message) => console.log(message)); // { type: 'text', data: 'hello' }
 * ```
 * @see fragmentMessages
 */
export function assembleMessages(
  config: AssembleMessagesConfig = {},
): OperatorFunction<WebSocketFrame, WebSocketEvent> {
  const { maxMessageSize, maxFragments } = { ...DEFAULTS, ...config };
  return operate((subscriber) => {
    const assembler = new MessageAssembler();
    let inMessage = false;
    let fragments = 0;

    const data = ({ opcode, fin, rsv1, payload }: WebSocketFrame): WebSocketEvent | undefined => {
      if (rsv1) throw frameError('BAD_FRAME', 'RSV1 is set where nothing gives it a meaning');
      if ((opcode === WebSocketOpcode.CONTINUATION) !== inMessage) {
        throw frameError('BAD_FRAGMENT', inMessage ? 'a message begins inside another' : 'a continuation of nothing');
      }
      if (!inMessage) {
        fragments = 0;
        if (fin) return whole(opcode, payload);
        assembler.begin(opcode === WebSocketOpcode.TEXT);
      }
      if (assembler.length + payload.length > maxMessageSize) throw messageTooLarge(maxMessageSize);
      if (++fragments > maxFragments) throw tooManyFragments(maxFragments);
      assembler.add(payload, 0, payload.length, fin ? payload.length : 0);
      inMessage = !fin;
      if (!fin) return undefined;
      const message = assembler.end();
      return typeof message === 'string' ? { type: 'text', data: message } : { type: 'binary', data: message };
    };

    const whole = (opcode: number, payload: Uint8Array): WebSocketEvent => {
      if (payload.length > maxMessageSize) throw messageTooLarge(maxMessageSize);
      if (opcode === WebSocketOpcode.BINARY) return { type: 'binary', data: payload };
      return { type: 'text', data: decodeText(payload, 0, payload.length) };
    };

    return {
      next(frame) {
        const event = isControlOpcode(frame.opcode) ? controlEvent(frame) : data(frame);
        if (event !== undefined) subscriber.next(event);
      },
      complete() {
        if (inMessage) throw truncatedInput('a message');
        subscriber.complete();
      },
    };
  });
}

function controlEvent({ opcode, payload }: WebSocketFrame): WebSocketEvent {
  if (opcode === WebSocketOpcode.PING) return { type: 'ping', data: payload };
  if (opcode === WebSocketOpcode.PONG) return { type: 'pong', data: payload };
  const { code, reason } = readClosePayload(payload);
  return { type: 'close', code, reason };
}
