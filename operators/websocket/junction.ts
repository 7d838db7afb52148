import type { DuplexSubject } from '../core/duplex-subject.js';
import { UsageError } from '../core/protocol-error.js';
import { checkCloseCode, CloseCode, type WebSocketRole } from './close-code.js';
import { type CloseReason, readClosePayload, writeClosePayload } from './close-payload.js';
import { abnormalClosure, closeReasonOf, ConnectionLife } from './connection-life.js';
import type { WebSocketConnectionOptions, WebSocketHooks } from './connection-options.js';
import { ControlBudget } from './control-budget.js';
import { WebSocketDecoder } from './decoder.js';
import { firstByte, webSocketFrame } from './frame.js';
import { FrameInlet, type InletHooks } from './frame-inlet.js';
import { WebSocketOutput } from './frame-output.js';
import { type InboundHooks, InboundMessages } from './inbound-messages.js';
import type { WebSocketMessage } from './message.js';
import { MessageReader, type MessageReaderHooks } from './message-reader.js';
import type { MessageWriter } from './message-writer.js';
import { WebSocketOpcode } from './opcode.js';
import { type OutboundHooks, OutboundMessages } from './outbound-messages.js';
import { PongQueue } from './pong-queue.js';
import { tooManyControlFrames } from './websocket-error.js';

const CLOSE = firstByte(WebSocketOpcode.CLOSE, true, false);

/**
 * A {@link WebSocketConnection} from inside: the one place where a frame that comes in may cause one that goes out. Its
 * parts call back to it itself, for a closure each would weigh on every idle connection.
 */
export class WebSocketJunction implements InletHooks, InboundHooks, MessageReaderHooks, OutboundHooks {
  readonly life: ConnectionLife;
  readonly inbound: InboundMessages;
  readonly #socket: DuplexSubject<Uint8Array, Uint8Array>;
  readonly #role: WebSocketRole;
  readonly #hooks: WebSocketHooks;
  readonly #inlet: FrameInlet;
  readonly #reader: MessageReader;
  readonly #output: WebSocketOutput;
  readonly #outbound: OutboundMessages;
  readonly #pongs: PongQueue;
  readonly #budget: ControlBudget | undefined;
  /** Something was sent in answer to what was read, and does not get away. */
  #blocked = false;

  /** @throws UsageError `INVALID_LIMIT` */
  constructor(
    socket: DuplexSubject<Uint8Array, Uint8Array>,
    options: WebSocketConnectionOptions,
    hooks: WebSocketHooks,
  ) {
    const { role, deflate, maxMessageSize, maxFragments, mask, now } = options;
    const compressed = deflate !== undefined;
    const decoder = new WebSocketDecoder({ role, maxMessageSize, maxFragments, compressed, inPlace: true });
    this.#socket = socket;
    this.#role = role;
    this.#hooks = hooks;
    this.life = new ConnectionLife(hooks);
    this.#inlet = new FrameInlet(decoder, this);
    this.inbound = new InboundMessages(this, options);
    this.#reader = new MessageReader(this.inbound, deflate, decoder.maxMessageSize, this);
    this.#output = new WebSocketOutput(socket, role === 'client' ? mask : undefined, () => this.#drained());
    this.#outbound = new OutboundMessages(this.#output, deflate, this);
    this.#pongs = new PongQueue(this.#output);
    this.#budget = now && new ControlBudget(now, options.controlFrames);
  }

  get bufferedBytes(): number {
    return this.#outbound.queuedBytes + this.#output.queued + this.#output.unsent;
  }

  get sendingFragments(): boolean {
    return this.#outbound.fragmented;
  }

  open(): void {
    this.#inlet.open(this.#socket);
  }

  send(message: WebSocketMessage): void {
    this.#requireSending();
    this.#outbound.message(message);
  }

  sendFragments(type: 'text' | 'binary'): MessageWriter {
    this.#requireSending();
    return this.#outbound.fragments(type);
  }

  control(opcode: number, payload: Uint8Array): void {
    this.life.requireOpen();
    this.#output.binary(firstByte(opcode, true, false), webSocketFrame(opcode, payload).payload);
    this.written();
  }

  close(code: number | undefined, reason: string): void {
    if (code !== undefined) checkCloseCode(code, this.#role);
    const payload = writeClosePayload(code, reason);
    if (!this.life.isOpen) return;
    this.#outbound.afterAll(() => this.#sendClose(payload, { code: code ?? CloseCode.NO_STATUS, reason }));
  }

  fail(error: unknown): void {
    const closeIsSent = this.life.sent !== undefined;
    if (!this.life.step('fail', error)) return;
    this.#letGo();
    this.inbound.fail(error);
    if (!closeIsSent) {
      const reason = (this.life.sent = closeReasonOf(error));
      this.#output.binary(CLOSE, writeClosePayload(reason.code, reason.reason));
    }
    this.#output.flush();
    this.#socket.complete();
  }

  abort(error: unknown): void {
    if (!this.life.step('abort', error)) return;
    this.#over(() => this.#socket.error(error));
  }

  // -- the parts' side -------------------------------------------------------------------------------------------------

  /** Reading is to stop, for now. */
  stopped(): boolean {
    return this.#blocked || this.inbound.full || this.#reader.waits;
  }

  piece(decoder: WebSocketDecoder): void {
    if (decoder.opcode < WebSocketOpcode.CLOSE) return this.#reader.read(decoder);
    if (this.#budget?.take() === false) throw tooManyControlFrames();
    const payload = Uint8Array.from(decoder.bytes.subarray(decoder.start, decoder.end));
    if (decoder.opcode === WebSocketOpcode.CLOSE) return this.#closing(readClosePayload(payload), payload);
    if (decoder.opcode === WebSocketOpcode.PONG) return this.#hooks.pong?.(payload);
    this.#pongs.pinged(payload);
    this.#hooks.ping?.(payload);
  }

  broken(error: unknown): void {
    this.fail(error);
  }

  failed(error: unknown): void {
    this.fail(error);
  }

  turned(): void {
    this.#output.flush();
  }

  busy(): boolean {
    return this.#reader.inflating;
  }

  ended(error: unknown): void {
    if (!this.life.step('recvEnd', error)) return;
    this.#over(() => this.#socket.complete());
  }

  /** The consumer has subscribed, or released something. */
  freed(): void {
    this.#reader.freed();
    this.#inlet.run();
  }

  cancelled(): void {
    this.#hooks.cancelled?.();
  }

  ready(): void {
    this.#inlet.run();
  }

  writable(): boolean {
    return this.life.isOpen && !this.#outbound.ending;
  }

  /** Something is in the output: it leaves now, or with the rest of the turn. */
  written(): void {
    const output = this.#output;
    if (!this.#inlet.reading) output.flush();
    else if (output.full || output.unsent > 0) {
      output.flush();
      this.#blocked = output.unsent > 0;
    }
  }

  // --------------------------------------------------------------------------------------------------------------------

  /** @throws UsageError `WEBSOCKET_NOT_OPEN` */
  #requireSending(): void {
    this.life.requireOpen();
    if (this.#outbound.ending) throw new UsageError('WEBSOCKET_NOT_OPEN', 'nothing is sent behind a Close frame');
  }

  /** The peer's Close frame: the last one that is read. */
  #closing(reason: CloseReason, payload: Uint8Array): void {
    this.life.received = reason;
    this.life.step('recvClose');
    this.inbound.end();
    if (this.life.may('sendClose')) this.#outbound.afterAll(() => this.#sendClose(payload, reason));
    else this.#shut();
  }

  #sendClose(payload: Uint8Array, reason: CloseReason): void {
    if (!this.life.step('sendClose')) return;
    this.life.sent = reason;
    this.#output.binary(CLOSE, payload);
    this.written();
    if (this.life.received !== undefined) this.#shut();
  }

  /** Both Close frames were exchanged: the server ends the byte stream (RFC 6455 §7.1.1). */
  #shut(): void {
    this.#letGo();
    this.#output.flush();
    if (this.#role === 'server') this.#socket.complete();
  }

  #over(end: () => void): void {
    this.#letGo();
    this.#output.drop();
    this.inbound.fail(this.life.error ?? abnormalClosure());
    end();
    this.#inlet.leave();
    this.#hooks.closed?.(this.life.report());
  }

  #letGo(): void {
    this.#inlet.close();
    this.#reader.close();
    this.#outbound.close();
    this.#pongs.clear();
  }

  /** The socket has let go of everything. */
  #drained(): void {
    this.#pongs.drained();
    if (this.#output.unsent === 0) this.#hooks.drained?.();
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#inlet.run();
  }
}
