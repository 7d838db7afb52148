import type { OperatorFunction, Subscriber } from 'rxjs';
import { operate } from '../core/operate.js';
import { UsageError } from '../core/protocol-error.js';
import { ILLEGAL } from '../core/transition-table.js';
import type { Http1Event, RequestEvent, ResponseEvent } from './event.js';
import { FRAMING_NONE } from './framing.js';
import { type Http1Input, requestLane, responseLane } from './state.js';
import { BodyEncoder } from './write-body.js';
import { type BodyFraming, requestFraming, responseFraming } from './write-framing.js';
import { encodeRequestHead, encodeResponseHead, type Http1Version } from './write-head.js';

/** What a response depends on of its request. */
export interface AnsweredRequest {
  readonly method: string;
  readonly version: Http1Version;
  /** The request lets the connection stay open; by default what its version says. */
  readonly keepAlive?: boolean;
}

export interface EncodeHttp1Config {
  /** `client` writes requests, `server` responses. */
  readonly role: 'server' | 'client';
  /** For a server: the request that the next response answers. By default a GET in HTTP/1.1. */
  readonly request?: () => AnsweredRequest;
}

/** Up to here a piece of body and the text around it leave as one array. Bytes. */
const JOIN_LIMIT = 4096;

/**
 * Writes HTTP/1 messages: events in, bytes out.
 *
 * ```text
 * events  --(hd)-----d-----e|     h: head, d: data, e: end
 * bytes   --(hd)-----d-----e|
 * ```
 *
 * Framing is chosen from the fields and `bodyLength`: a Content-Length or `transfer-encoding: chunked` of your own is
 * taken, otherwise the line is added. The body of a response that may not have one is left out. Each event is written
 * while it is delivered, so a hold on the bytes holds the event; a large `data` event is written as it is, not copied.
 * After a message that ends the connection the result completes.
 *
 * Errors: `UsageError` `ILLEGAL_EVENT` for one that may not come next, or those of `encodeRequestHead`,
 * `encodeResponseHead`, `requestFraming`, `responseFraming` and `BodyEncoder`.
 *
 * RFC 9112.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { decodeHttp1Messages, encodeHttp1Messages } from 'rxweir/operators';
 * of(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
 *   .pipe(decodeHttp1Messages({ role: 'server' }), encodeHttp1Messages({ role: 'client' }))
 *   .subscribe((bytes) => process.stdout.write(bytes));
 * ```
 * @see decodeHttp1Messages
 */
export function encodeHttp1Messages(config: EncodeHttp1Config): OperatorFunction<Http1Event, Uint8Array> {
  return operate((subscriber) => new MessageWriter(subscriber, config));
}

class MessageWriter {
  readonly #to: Subscriber<Uint8Array>;
  readonly #config: EncodeHttp1Config;
  readonly #table: typeof requestLane;
  #state: number;
  #body: BodyEncoder | undefined;
  /** The message has no body of its own: what data events carry is left out. */
  #bodiless = false;

  constructor(to: Subscriber<Uint8Array>, config: EncodeHttp1Config) {
    this.#to = to;
    this.#config = config;
    this.#table = config.role === 'client' ? requestLane : responseLane;
    this.#state = this.#table.stateOf('IDLE');
  }

  next(event: Http1Event): void {
    switch (event.type) {
      case 'request':
        return this.#request(event);
      case 'response':
        return this.#response(event);
      case 'informational':
        this.#step('informational', this.#config.role === 'server');
        return this.#informational(event.status, event);
      case 'data':
        this.#step('data');
        return this.#data(event.chunk, event.extension);
      case 'end':
        this.#step('end');
        this.#text(this.#bodiless ? '' : (this.#body?.finish(event.trailers) ?? ''));
        if (this.#table.states[this.#state] === 'MUST_CLOSE') this.#to.complete();
        return;
      default:
        this.#step('upgrade');
        this.#body = undefined;
        this.#bodiless = false;
        if (event.leftover.length > 0) this.#to.next(event.leftover);
    }
  }

  /** Takes the step in the table, or refuses the event. */
  #step(input: Http1Input, ofThisRole = true): void {
    const next = ofThisRole ? this.#table.next(this.#state, this.#table.inputOf(input)) : ILLEGAL;
    if (next === ILLEGAL) {
      const state = this.#table.states[this.#state] as string;
      throw new UsageError('ILLEGAL_EVENT', `${this.#config.role}: no ${input} in state ${state}`);
    }
    this.#state = next;
  }

  #request({ method, target, version, fields, bodyLength }: RequestEvent): void {
    const framing = requestFraming(method, version, fields, bodyLength);
    // Behind CONNECT comes a tunnel, so its own framing says nothing of the connection's end.
    this.#step(framing.close && method !== 'CONNECT' ? 'lastHead' : 'head', this.#config.role === 'client');
    this.#begin(framing);
    this.#text(encodeRequestHead(method, target, fields, framing.extraLines, version));
  }

  #response({ status, reason, version, fields, bodyLength }: ResponseEvent): void {
    const { method, version: asked, keepAlive = asked === '1.1' } = this.#answered();
    const framing = responseFraming(method, asked, status, fields, bodyLength, !keepAlive);
    this.#step(framing.close ? 'lastHead' : 'head', this.#config.role === 'server');
    this.#begin(framing);
    this.#text(encodeResponseHead(status, fields, framing.extraLines, version, reason));
  }

  #informational(status: number, { fields, reason, version }: Omit<ResponseEvent, 'type' | 'bodyLength'>): void {
    if (status < 100 || status > 199 || status === 101) {
      throw new UsageError('INVALID_STATUS', 'an informational response is 1xx but not 101');
    }
    const { method, version: asked } = this.#answered();
    const framing = responseFraming(method, asked, status, fields, null, false);
    this.#text(encodeResponseHead(status, fields, framing.extraLines, version, reason));
  }

  #answered(): AnsweredRequest {
    return this.#config.request?.() ?? { method: 'GET', version: '1.1' };
  }

  #begin({ framing, contentLength }: BodyFraming): void {
    this.#bodiless = framing === FRAMING_NONE;
    this.#body = new BodyEncoder(framing, contentLength);
  }

  #data(chunk: Uint8Array, extension: string): void {
    if (this.#bodiless || chunk.length === 0) return;
    this.#body?.sent(chunk.length);
    const header = this.#body?.header(chunk.length, extension) ?? '';
    if (header === '') {
      this.#to.next(chunk);
    } else if (chunk.length <= JOIN_LIMIT) {
      const joined = Buffer.allocUnsafe(header.length + chunk.length);
      joined.write(header, 'latin1');
      joined.set(chunk, header.length);
      this.#to.next(joined);
    } else {
      this.#text(header);
      if (!this.#to.closed) this.#to.next(chunk);
    }
  }

  #text(text: string): void {
    if (text !== '') this.#to.next(Buffer.from(text, 'latin1'));
  }
}
