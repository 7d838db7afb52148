import { ProtocolError, UsageError } from '../core/protocol-error.js';
import { Fields } from '../http/fields.js';
import { isInformational } from '../http/status.js';
import { catchError, EMPTY, filter, map } from 'rxjs';
import type { DetachedSubject } from './detach.js';
import { Lane } from './lane.js';
import { FRAMING_TUNNEL, type RequestHead } from './message-decoder.js';
import { encodeResponseHead, responseFraming } from './message-encoder.js';
import type { OutboundEvent } from './outbound-event.js';
import type { ExchangeSuccessor } from './exchange-owner.js';
import type { DataEvent } from './event.js';
import type { ExchangeOwner, ServerExchange } from './server-exchange.js';
import { type PreparedHead, type StreamHost, StreamPort } from './stream-port.js';

/** What a stream asks and tells the server connection it is on. */
export interface ServerStreamHost extends StreamHost {
  /** HTTP is about to be left for what the request asked for. */
  leaving(): void;
  /** It has been left. */
  switched(socket: DetachedSubject): void;
  /** Both directions are over. */
  finished(stream: ServerStream): void;
}

/** An exchange that somebody else answers from now on. */
export interface HandedExchange {
  readonly exchange: ServerExchange;
  /** The exchange has its new owner, who may have answered already. */
  begun(): void;
  /** Leaves HTTP for what the request asked for, once the head has said so. */
  upgrade(): DetachedSubject;
}

/** What a response is composed for when not even the request could be read. */
const UNREAD = { method: 'GET', version: '1.1' } as const;

/** A stream in the server role: a request in, responses out. */
export class ServerStream extends StreamPort implements ExchangeOwner {
  readonly #host: ServerStreamHost;
  #exchange: ServerExchange;
  /** What is left is to say why: the exchange to say it in is still to come. */
  #refused = false;
  #requestError: unknown;
  #answered = false;
  #switching = false;
  #successor: ExchangeSuccessor | undefined;

  constructor(host: ServerStreamHost, id: number, exchange: ServerExchange) {
    super(host, id, new Lane('responses'), new Lane('requests'));
    this.#host = host;
    this.#exchange = exchange;
    exchange.owner = this;
    const { inbound } = this;
    exchange.bodySink = {
      next: (chunk, extension) => this.receive({ type: 'data', chunk, extension }),
      get claimed() {
        return inbound.claimed;
      },
      discard: () => inbound.discard(),
    };
  }

  get unanswered(): boolean {
    return !this.#exchange.over;
  }

  /** The request was not understood, and this stream waits for an exchange to say so. */
  get refused(): boolean {
    return this.#refused;
  }

  /** The request for the consumer, who has been given the stream. */
  begin({ method, target, version, fields }: RequestHead): void {
    const { hasBody, contentLength } = this.#exchange;
    this.inLane.try('head');
    const bodyLength = contentLength >= 0 ? contentLength : hasBody ? undefined : null;
    this.receive({ type: 'request', method, target, version, fields, bodyLength });
    if (!hasBody) this.#requestEnded(undefined);
  }

  /** Not even a head could be read, or not all of a body: all that is left is a response. */
  refuse(error: unknown): void {
    this.inLane.try('fail');
    this.inbound.error(error);
  }

  /** Somebody else answers: through the exchange itself, and told what its owner is told. */
  handOver(successor: ExchangeSuccessor): HandedExchange | undefined {
    const exchange = this.#exchange;
    if (this.over || exchange.over) {
      this.inbound.discard();
      return undefined;
    }
    if (this.inbound.claimed || this.sending !== 'IDLE') {
      throw new UsageError('STREAM_IN_USE', 'the stream has a reader, or an answer');
    }
    this.#successor = successor;
    this.over = true; // for whoever still has the stream
    const { events } = this.inbound;
    if (exchange.request === undefined) {
      events.subscribe({ error: (error: unknown) => successor.refused(exchange, error) });
      return undefined;
    }
    exchange.reclaim(
      events.pipe(
        filter((event): event is DataEvent => event.type === 'data'),
        map(({ chunk }) => chunk),
        catchError(() => EMPTY), // its owner is told
      ),
    );
    return { exchange, begun: () => this.#shareExchange(successor), upgrade: () => this.#leave() };
  }

  /** The exchange for that response, in place of the one that broke. */
  resume(exchange: ServerExchange): void {
    this.#refused = false;
    this.#exchange = exchange;
    if (this.#successor) {
      this.#successor.refused(exchange, this.#requestError);
      return this.#successor.over();
    }
    exchange.owner = this;
    if (this.over) this.giveUp(undefined);
    else this.askTurn();
  }

  /** Nothing more is read; what has come can still be answered. */
  stopReading(error: unknown): void {
    const exchange = this.#exchange;
    if (exchange.hasBody && !exchange.read) {
      exchange.bodyFailed(error);
      this.refuse(error);
    }
    exchange.connection.stopReading(exchange);
  }

  /** The connection is no more, or no longer HTTP. */
  lost(error: unknown): void {
    this.#exchange.over = true;
    this.fail(error);
  }

  turn(): void {
    this.mayWrite();
  }

  requestRead(error: unknown): void {
    if (error === undefined) this.#requestEnded(this.#exchange.requestTrailers);
    else if (this.#exchange.over) this.refuse(error);
    else this.#requestError = error; // `cancelled` follows: only then is it known whether an answer is still possible
  }

  answered(): void {
    this.#answered = true;
    this.inbound.settle();
    this.#finish();
  }

  cancelled(error: unknown): void {
    const { closed, lingering } = this.#exchange.connection;
    const reason = this.#requestError ?? error;
    if (closed || lingering) {
      this.fail(reason ?? new ProtocolError('CONNECTION_CLOSED', 'the connection closed', { initiator: 'local' }));
      this.#host.finished(this);
      return;
    }
    this.#refused = true;
    this.mayNotWrite();
    this.refuse(reason);
  }

  protected override prepare(event: OutboundEvent): PreparedHead | undefined {
    if (event.type !== 'informational' && event.type !== 'response') return undefined;
    const { type, status, reason } = event;
    const fields = Fields.from(event.fields);
    const final = type === 'response';
    if (final === (isInformational(status) && status !== 101)) {
      throw new UsageError(
        'INVALID_STATUS',
        `${status} is not the status of ${final ? 'a final' : 'an interim'} response`,
      );
    }
    const { method, version } = this.#exchange.request ?? UNREAD;
    const bodyLength = final ? ('bodyLength' in event ? event.bodyLength : undefined) : null;
    const mustClose = this.#refused || this.#exchange.close;
    const framing = responseFraming(method, version, status, fields, bodyLength, mustClose);
    if (framing.framing === FRAMING_TUNNEL) this.#checkSwitch(status);
    const text = encodeResponseHead(status, fields, framing.extraLines, '1.1', reason);
    return { ...framing, text };
  }

  protected override askTurn(): void {
    if (!this.#refused && this.#exchange.hasTurn) this.mayWrite();
  }

  protected override writeHead(event: OutboundEvent, prepared: PreparedHead): void {
    const exchange = this.#exchange;
    if (event.type === 'informational') return exchange.interim(prepared.text, event.status);
    if (prepared.framing === FRAMING_TUNNEL) return this.#switch(prepared.text);
    // It may have waited, and the connection be about to close by now.
    const head = prepared.close || !exchange.close ? prepared : (this.prepare(event) as PreparedHead);
    if (head.close) exchange.closeAfter();
    exchange.head(head.text, head.framing, head.contentLength);
    exchange.flush();
  }

  protected override writeData(chunk: Uint8Array, extension: string | undefined): void {
    this.#exchange.data(chunk, extension); // left out where the response has no body, as for HEAD
  }

  protected override writeEnd(trailers: Fields | undefined): void {
    this.#exchange.end(trailers);
  }

  protected override left(): void {
    this.#exchange.drain();
    this.#exchange.flush();
  }

  protected override unused(): void {
    this.reset(new UsageError('ILLEGAL_EVENT', 'no end in state IDLE: a request has a response'));
  }

  protected override giveUp(error: unknown): void {
    if (!this.#exchange.over) this.#exchange.abort(error);
    else this.#exchange.drain();
  }

  #checkSwitch(status: number): void {
    const { upgrade, hasBody, read } = this.#exchange;
    if (status === 101 && upgrade === '') {
      throw new UsageError('UPGRADE_NOT_ASKED', '101 answers a request that asked for another protocol');
    }
    if (hasBody && !read)
      throw new UsageError('REQUEST_NOT_READ', 'the request is read to its end before HTTP is left');
  }

  #switch(text: string): void {
    this.#exchange.interim(text);
    const socket = this.#leave();
    this.#host.switched(socket);
    this.switchTo(socket);
  }

  #leave(): DetachedSubject {
    this.#switching = true;
    this.#host.leaving();
    const socket = this.#exchange.detach();
    this.#host.finished(this);
    return socket;
  }

  /** What its new owner is told is told here too: what becomes of the request is still this stream's affair. */
  #shareExchange(successor: ExchangeSuccessor): void {
    const exchange = this.#exchange;
    const { owner } = exchange;
    if (exchange.over) {
      this.answered();
      return successor.over();
    }
    exchange.owner = {
      turn: () => owner?.turn(),
      requestRead: (error) => {
        owner?.requestRead(error);
        this.requestRead(error);
      },
      answered: () => {
        this.answered();
        owner?.answered();
        successor.over();
      },
      cancelled: (error) => {
        owner?.cancelled(error);
        this.cancelled(error);
        if (!this.#refused) successor.over();
      },
    };
  }

  #requestEnded(trailers: Fields | undefined): void {
    this.inLane.try('end');
    this.receive({ type: 'end', trailers });
    // After a request that asks for another protocol more may come, once it is answered.
    const { upgrade, request } = this.#exchange;
    if (upgrade === '' && request?.method !== 'CONNECT') this.inbound.complete();
    this.#finish();
  }

  #finish(): void {
    if (!this.#answered || this.#switching || this.receiving === 'SEND_BODY') return;
    this.inbound.complete();
    this.#host.finished(this);
  }
}
