import { ProtocolError, UsageError } from '../core/protocol-error.js';
import { Fields } from '../http/fields.js';
import type { ClientConnection, ResponseSink } from './client-connection.js';
import type { ClientExchange } from './client-exchange.js';
import type { DetachedSubject } from './detach.js';
import { Lane } from './lane.js';
import { FRAMING_LENGTH, FRAMING_NONE, FRAMING_TUNNEL, type ResponseHead } from './message-decoder.js';
import { encodeRequestHead, requestFraming } from './message-encoder.js';
import type { OutboundEvent } from './outbound-event.js';
import { type PreparedHead, type StreamHost, StreamPort } from './stream-port.js';

/** What a stream asks and tells the client connection it is on. */
export interface ClientStreamHost extends StreamHost {
  readonly connection: ClientConnection;
  /** Calls `turn` when the requests begun before it are written: now, or later. */
  enqueue(stream: ClientStream): void;
  /** It will not write after all. */
  forget(stream: ClientStream): void;
  /** A request is written, or part of one: it may be another's turn. */
  advance(): void;
  /** A response is complete, and its stream about to be told. */
  ending(): void;
  /** A stream has seen the end of its response. */
  ended(): void;
  /** HTTP was left for what the request asked for. */
  switched(socket: DetachedSubject): void;
}

/** A stream in the client role: requests out, responses in. */
export class ClientStream extends StreamPort implements ResponseSink {
  readonly #host: ClientStreamHost;
  #exchange: ClientExchange | undefined;
  #upgrade = false;
  #method = '';
  #hasBody = false;

  constructor(host: ClientStreamHost, id: number) {
    super(host, id, new Lane('requests'), new Lane('responses'));
    this.#host = host;
  }

  /** No other request may be written behind this one yet. */
  get blocking(): boolean {
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.over) return false;
    return !exchange.sent || this.#upgrade || this.#method === 'CONNECT';
  }

  turn(): void {
    this.mayWrite();
  }

  /** No more of the request can be sent; its response may still come. */
  stopSending(error: unknown): void {
    if (this.#exchange === undefined) this.fail(error);
    else if (!this.#exchange.sent) {
      this.over = true;
      this.outLane.try('fail');
    }
  }

  informational({ status, reason, version, fields }: ResponseHead): void {
    this.inLane.try('informational');
    this.receive({ type: 'informational', status, reason, version, fields });
  }

  head({ status, reason, version, fields }: ResponseHead, framing: number, _coding: string, length: number): void {
    const { state, inFlight } = this.#host.connection;
    const last = state === 'closing' && inFlight === 1 && framing !== FRAMING_TUNNEL;
    this.inLane.try(last ? 'lastHead' : 'head');
    const bodiless = framing === FRAMING_NONE || framing === FRAMING_TUNNEL;
    const bodyLength = bodiless ? null : framing === FRAMING_LENGTH ? length : undefined;
    this.receive({ type: 'response', status, reason, version, fields, bodyLength });
  }

  data(chunk: Uint8Array, extension: string): void {
    this.receive({ type: 'data', chunk, extension });
  }

  settle(): void {
    this.#host.ending();
    this.inbound.settle();
  }

  end(trailers: Fields | undefined): void {
    this.inLane.try('end');
    this.receive({ type: 'end', trailers });
    this.inbound.complete();
    this.#host.ended();
  }

  progress(): void {
    // no clock runs here
  }

  released(): void {
    // no clock runs here
  }

  upgraded(socket: DetachedSubject): void {
    this.#host.switched(socket);
    this.switchTo(socket);
  }

  failed(error: unknown): void {
    this.fail(error ?? new ProtocolError('CONNECTION_CLOSED', 'the connection closed', { initiator: 'local' }));
  }

  protected override prepare(event: OutboundEvent): PreparedHead | undefined {
    if (event.type !== 'request') return undefined;
    const { method, target, version = '1.1' } = event;
    const fields = Fields.from(event.fields);
    const framed = fields.has('content-length') || fields.has('transfer-encoding');
    const bodyLength = 'bodyLength' in event || framed ? event.bodyLength : null;
    const framing = requestFraming(method, version, fields, bodyLength);
    const text = encodeRequestHead(method, target, fields, framing.extraLines, version);
    this.#method = method;
    this.#upgrade = fields.has('upgrade');
    return { ...framing, text, close: framing.close && method !== 'CONNECT' };
  }

  protected override askTurn(): void {
    this.#host.enqueue(this);
  }

  protected override writeHead(_event: OutboundEvent, head: PreparedHead): void {
    const { connection } = this.#host;
    const exchange = connection.begin(this, this.#method, this.#upgrade);
    this.#exchange = exchange;
    this.#hasBody = head.framing !== FRAMING_NONE;
    if (head.close) connection.close(); // when this one is answered
    exchange.head(head.text, head.framing, head.contentLength);
    this.#host.advance();
  }

  protected override writeData(chunk: Uint8Array, extension: string | undefined): void {
    if (!this.#hasBody && chunk.length > 0) {
      throw new UsageError('BODY_NOT_ALLOWED', 'this request has no body: its fields announce none');
    }
    this.#exchange?.data(chunk, extension);
  }

  protected override writeEnd(trailers: Fields | undefined): void {
    this.#exchange?.end(trailers);
    this.#host.advance();
  }

  protected override left(): void {
    this.reset();
  }

  protected override unused(): void {
    this.over = true;
    this.inbound.complete();
    this.#host.forget(this);
  }

  protected override giveUp(): void {
    this.#host.forget(this);
    this.#exchange?.cancel();
  }
}
