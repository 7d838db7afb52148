import type { Observable } from 'rxjs';
import type { DuplexSubject } from '../core/duplex-subject.js';
import { UsageError } from '../core/protocol-error.js';
import type { WebSocketConnectionOptions, WebSocketHooks } from './connection-options.js';
import type { WebSocketBody } from './inbound-messages.js';
import { WebSocketJunction } from './junction.js';
import type { WebSocketMessage } from './message.js';
import type { MessageWriter } from './message-writer.js';
import { WebSocketOpcode } from './opcode.js';
import type { WebSocketState } from './state.js';

/**
 * A WebSocket connection over a byte stream whose opening handshake is done, in either role.
 *
 * - In: `messages` (or `bodies`) has one consumer; what comes before it is queued within bounds. Each message is a delivery:
 *   holding it holds the bytes it came in. Reading stops while too much is queued or held, or while answers to what was
 *   read do not get away.
 * - Out: what is sent while a chunk of input is being processed leaves in one write at its end. Sent inside a delivery,
 *   it holds that until it has left; otherwise see `bufferedBytes`.
 * - Pings are answered. While the way out is backed up only the latest one is.
 * - It has no clock: the handshake, the answer to our Close frame and a keep-alive are timed by the owner, who calls `ping`,
 *   `close`, `fail` and `abort`.
 *
 * Errors on `messages`: `ProtocolError` of scope `connection`, with the close code in `wireCode`; `ABNORMAL_CLOSURE` where
 * the byte stream ended without a Close frame. It completes where the peer closed.
 *
 * RFC 6455.
 *
 * @example
 * ```ts
 * import { WebSocketConnection } from 'rxweir/operators';
 * import { memoryPair } from 'rxweir/testing';
 * const [near, far] = memoryPair();
 * const client = new WebSocketConnection(near, { role: 'client', mask: () => 0x12345678 });
 * const server = new WebSocketConnection(far, { role: 'server' });
 * server.messages.subscribe((message) => server.send(message)); // echo
 * client.messages.subscribe((message) => console.log(message));
 * server.open();
 * client.open();
 * client.send('hello');
 * ```
 */
export class WebSocketConnection {
  readonly #junction: WebSocketJunction;

  /**
   * @param socket belongs to the connection from now on; chunks it brings are written to
   * @throws UsageError `MASK_MISSING` for a client without masking keys, `INVALID_LIMIT`
   */
  constructor(
    socket: DuplexSubject<Uint8Array, Uint8Array>,
    options: WebSocketConnectionOptions,
    hooks: WebSocketHooks = {},
  ) {
    const { role, mask } = options;
    if (role === 'client' && mask === undefined) throw new UsageError('MASK_MISSING', 'a client masks what it sends');
    this.#junction = new WebSocketJunction(socket, options, hooks);
  }

  /** Messages as they come, whole; for one consumer. */
  get messages(): Observable<WebSocketMessage> {
    return this.#junction.inbound.messages;
  }

  /** Messages as streams of their bytes, in place of {@link messages}. */
  get bodies(): Observable<WebSocketBody> {
    return this.#junction.inbound.bodies;
  }

  get state(): WebSocketState {
    return this.#junction.life.state;
  }

  /** Bytes that were sent and have not left: they are here, or the socket holds them. */
  get bufferedBytes(): number {
    return this.#junction.bufferedBytes;
  }

  /** Bytes of messages that came in and are queued, or held by the consumer. */
  get heldBytes(): number {
    return this.#junction.inbound.heldBytes;
  }

  /** A message is being sent in fragments: no other can be. */
  get sendingFragments(): boolean {
    return this.#junction.sendingFragments;
  }

  /** Begins to read. */
  open(): void {
    this.#junction.open();
  }

  /**
   * Sends a message: a string as text, bytes as binary. Bytes are not copied if they are many.
   *
   * @throws UsageError `WEBSOCKET_NOT_OPEN`, `MESSAGE_UNFINISHED`
   */
  send(message: WebSocketMessage): void {
    this.#junction.send(message);
  }

  /**
   * Begins a message of fragments, which is complete when the writer is.
   *
   * @throws UsageError `WEBSOCKET_NOT_OPEN`, `MESSAGE_UNFINISHED`
   */
  sendFragments(type: 'text' | 'binary'): MessageWriter {
    return this.#junction.sendFragments(type);
  }

  /** @throws UsageError `WEBSOCKET_NOT_OPEN`, `INVALID_FRAME` for over 125 bytes */
  ping(payload: Uint8Array = new Uint8Array(0)): void {
    this.#junction.control(WebSocketOpcode.PING, payload);
  }

  /** A pong that nobody asked for. @throws UsageError as {@link ping} */
  pong(payload: Uint8Array = new Uint8Array(0)): void {
    this.#junction.control(WebSocketOpcode.PONG, payload);
  }

  /**
   * Begins the closing handshake, behind all that was sent; does nothing where one has begun. Messages still come until
   * the peer's Close frame. How long to wait for that is the owner's to say: `abort` ends it.
   *
   * @throws UsageError `INVALID_CLOSE_CODE`, `INVALID_CLOSE_REASON`
   */
  close(code?: number, reason = ''): void {
    this.#junction.close(code, reason);
  }

  /**
   * Breaks off: sends a Close frame with the error's close code (1011 if it has none), drops what still comes, and ends
   * our direction. It is over when the peer ends its own, or with `abort`.
   */
  fail(error: unknown): void {
    this.#junction.fail(error);
  }

  /** Cuts the byte stream off, now. */
  abort(error?: unknown): void {
    this.#junction.abort(error);
  }
}
