import type { Observable } from 'rxjs';
import type { DuplexSubject } from '../core/duplex-subject.js';
import { UsageError } from '../core/protocol-error.js';
import { checkCloseCode, CloseCode } from './close-code.js';
import { type CloseReason, readClosePayload, writeClosePayload } from './close-payload.js';
import { abnormalClosure, closeReasonOf, ConnectionLife } from './connection-life.js';
import type { WebSocketConnectionOptions, WebSocketHooks } from './connection-options.js';
import { ControlBudget } from './control-budget.js';
import { WebSocketDecoder } from './decoder.js';
import { firstByte, webSocketFrame } from './frame.js';
import { FrameInlet } from './frame-inlet.js';
import { WebSocketOutput } from './frame-output.js';
import { InboundMessages, type WebSocketBody } from './inbound-messages.js';
import type { WebSocketMessage } from './message.js';
import { MessageReader } from './message-reader.js';
import type { MessageWriter } from './message-writer.js';
import { WebSocketOpcode } from './opcode.js';
import { OutboundMessages } from './outbound-messages.js';
import { PongQueue } from './pong-queue.js';
import type { WebSocketState } from './state.js';
import { tooManyControlFrames } from './websocket-error.js';

const CLOSE = firstByte(WebSocketOpcode.CLOSE, true, false);

/**
 * A WebSocket connection over a byte stream whose opening handshake is done, in either role: the one place where a frame
 * that comes in may cause one that goes out.
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
  readonly #socket: DuplexSubject<Uint8Array, Uint8Array>;
  readonly #options: WebSocketConnectionOptions;
  readonly #hooks: WebSocketHooks;
  readonly #life: ConnectionLife;
  readonly #inlet: FrameInlet;
  readonly #inbound: InboundMessages;
  readonly #reader: MessageReader;
  readonly #output: WebSocketOutput;
  readonly #outbound: OutboundMessages;
  readonly #pongs: PongQueue;
  readonly #budget: ControlBudget | undefined;
  /** Something was sent in answer to what was read, and does not get away. */
  #blocked = false;

  /**
   * @param socket belongs to the connection from now on; chunks it brings are written to
   * @throws UsageError `MASK_MISSING` for a client without masking keys, `INVALID_LIMIT`
   */
  constructor(
    socket: DuplexSubject<Uint8Array, Uint8Array>,
    options: WebSocketConnectionOptions,
    hooks: WebSocketHooks = {},
  ) {
    const { role, deflate, maxMessageSize, maxFragments, mask, now } = options;
    if (role === 'client' && mask === undefined) throw new UsageError('MASK_MISSING', 'a client masks what it sends');
    const compressed = deflate !== undefined;
    const decoder = new WebSocketDecoder({ role, maxMessageSize, maxFragments, compressed, inPlace: true });
    const fail = (error: unknown): void => this.fail(error);
    this.#socket = socket;
    this.#options = options;
    this.#hooks = hooks;
    this.#life = new ConnectionLife(hooks.state && ((state) => hooks.state?.(state)));
    this.#inlet = new FrameInlet(decoder, {
      stopped: () => this.#blocked || this.#inbound.full || this.#reader.waits,
      piece: (piece) => this.#piece(piece),
      broken: fail,
      turned: () => this.#output.flush(),
      busy: () => this.#reader.inflating,
      ended: (error) => this.#ended(error),
    });
    this.#inbound = new InboundMessages({ freed: () => this.#freed(), cancelled: () => hooks.cancelled?.() }, options);
    const ready = (): void => this.#inlet.run();
    this.#reader = new MessageReader(this.#inbound, deflate, decoder.maxMessageSize, { ready, failed: fail });
    this.#output = new WebSocketOutput(socket, role === 'client' ? mask : undefined, () => this.#drained());
    this.#outbound = new OutboundMessages(this.#output, deflate, {
      writable: () => this.#life.isOpen,
      written: () => this.#sent(),
      failed: fail,
    });
    this.#pongs = new PongQueue(this.#output);
    this.#budget = now && new ControlBudget(now, options.controlFrames);
  }

  /** Messages as they come, whole; for one consumer. */
  get messages(): Observable<WebSocketMessage> {
    return this.#inbound.messages;
  }

  /** Messages as streams of their bytes, in place of {@link messages}. */
  get bodies(): Observable<WebSocketBody> {
    return this.#inbound.bodies;
  }

  get state(): WebSocketState {
    return this.#life.state;
  }

  /** Bytes that were sent and have not left: they are here, or the socket holds them. */
  get bufferedBytes(): number {
    return this.#outbound.queuedBytes + this.#output.queued + this.#output.unsent;
  }

  /** Bytes of messages that came in and are queued, or held by the consumer. */
  get heldBytes(): number {
    return this.#inbound.heldBytes;
  }

  /** A message is being sent in fragments: no other can be. */
  get sendingFragments(): boolean {
    return this.#outbound.fragmented;
  }

  /** Begins to read. */
  open(): void {
    this.#inlet.open(this.#socket);
  }

  /**
   * Sends a message: a string as text, bytes as binary. Bytes are not copied if they are many.
   *
   * @throws UsageError `WEBSOCKET_NOT_OPEN`, `MESSAGE_UNFINISHED`
   */
  send(message: WebSocketMessage): void {
    this.#life.requireOpen();
    this.#outbound.message(message);
  }

  /**
   * Begins a message of fragments, which is complete when the writer is.
   *
   * @throws UsageError `WEBSOCKET_NOT_OPEN`, `MESSAGE_UNFINISHED`
   */
  sendFragments(type: 'text' | 'binary'): MessageWriter {
    this.#life.requireOpen();
    return this.#outbound.fragments(type);
  }

  /** @throws UsageError `WEBSOCKET_NOT_OPEN`, `INVALID_FRAME` for over 125 bytes */
  ping(payload: Uint8Array = new Uint8Array(0)): void {
    this.#control(WebSocketOpcode.PING, payload);
  }

  /** A pong that nobody asked for. @throws UsageError as {@link ping} */
  pong(payload: Uint8Array = new Uint8Array(0)): void {
    this.#control(WebSocketOpcode.PONG, payload);
  }

  /**
   * Begins the closing handshake, behind all that was sent; does nothing where one has begun. Messages still come until
   * the peer's Close frame. How long to wait for that is the owner's to say: `abort` ends it.
   *
   * @throws UsageError `INVALID_CLOSE_CODE`, `INVALID_CLOSE_REASON`
   */
  close(code?: number, reason = ''): void {
    if (code !== undefined) checkCloseCode(code, this.#options.role);
    const payload = writeClosePayload(code, reason);
    if (!this.#life.isOpen) return;
    this.#outbound.afterAll(() => this.#sendClose(payload, { code: code ?? CloseCode.NO_STATUS, reason }));
  }

  /**
   * Breaks off: sends a Close frame with the error's close code (1011 if it has none), drops what still comes, and ends
   * our direction. It is over when the peer ends its own, or with `abort`.
   */
  fail(error: unknown): void {
    const closeIsSent = this.#life.sent !== undefined;
    if (!this.#life.step('fail')) return;
    this.#life.error = error;
    this.#letGo();
    this.#inbound.fail(error);
    if (!closeIsSent) {
      const reason = (this.#life.sent = closeReasonOf(error));
      this.#output.binary(CLOSE, writeClosePayload(reason.code, reason.reason));
    }
    this.#output.flush();
    this.#socket.complete();
  }

  /** Cuts the byte stream off, now. */
  abort(error?: unknown): void {
    if (!this.#life.step('abort')) return;
    this.#life.error ??= error;
    this.#over(() => this.#socket.error(error));
  }

  #piece(decoder: WebSocketDecoder): void {
    if (decoder.opcode < WebSocketOpcode.CLOSE) return this.#reader.read(decoder);
    if (this.#budget?.take() === false) throw tooManyControlFrames();
    const payload = Uint8Array.from(decoder.bytes.subarray(decoder.start, decoder.end));
    if (decoder.opcode === WebSocketOpcode.CLOSE) return this.#closing(readClosePayload(payload), payload);
    if (decoder.opcode === WebSocketOpcode.PONG) return this.#hooks.pong?.(payload);
    this.#pongs.pinged(payload);
    this.#hooks.ping?.(payload);
  }

  /** The peer's Close frame: the last one that is read. */
  #closing(reason: CloseReason, payload: Uint8Array): void {
    this.#life.received = reason;
    this.#life.step('recvClose');
    this.#inbound.end();
    if (this.#life.may('sendClose')) this.#outbound.afterAll(() => this.#sendClose(payload, reason));
    else this.#shut();
  }

  #sendClose(payload: Uint8Array, reason: CloseReason): void {
    if (!this.#life.step('sendClose')) return;
    this.#life.sent = reason;
    this.#output.binary(CLOSE, payload);
    this.#sent();
    if (this.#life.received !== undefined) this.#shut();
  }

  /** Both Close frames were exchanged: the server ends the byte stream (RFC 6455 §7.1.1). */
  #shut(): void {
    this.#letGo();
    this.#output.flush();
    if (this.#options.role === 'server') this.#socket.complete();
  }

  #ended(error: unknown): void {
    if (!this.#life.step('recvEnd')) return;
    this.#life.error ??= error;
    this.#over(() => this.#socket.complete());
  }

  #over(end: () => void): void {
    this.#letGo();
    this.#output.drop();
    this.#inbound.fail(this.#life.error ?? abnormalClosure());
    end();
    this.#inlet.leave();
    this.#hooks.closed?.(this.#life.report());
  }

  #letGo(): void {
    this.#inlet.close();
    this.#reader.close();
    this.#outbound.close();
    this.#pongs.clear();
  }

  #control(opcode: number, payload: Uint8Array): void {
    this.#life.requireOpen();
    this.#output.binary(firstByte(opcode, true, false), webSocketFrame(opcode, payload).payload);
    this.#sent();
  }

  /** Something is in the output: it leaves now, or with the rest of the turn. */
  #sent(): void {
    const output = this.#output;
    if (!this.#inlet.reading) output.flush();
    else if (output.full || output.unsent > 0) {
      output.flush();
      this.#blocked = output.unsent > 0;
    }
  }

  /** The socket has let go of everything. */
  #drained(): void {
    this.#pongs.drained();
    if (this.#output.unsent === 0) this.#hooks.drained?.();
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#inlet.run();
  }

  /** The consumer has subscribed, or released something. */
  #freed(): void {
    this.#reader.freed();
    this.#inlet.run();
  }
}
