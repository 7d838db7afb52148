import type { OperatorFunction, Subscriber } from 'rxjs';
import { operate } from '../core/operate.js';
import type { Http1Event } from './event.js';
import { FRAMING_LENGTH, FRAMING_NONE, FRAMING_TUNNEL } from './framing.js';
import type { Http1Limits } from './limits.js';
import { CLOSED, DATA, END, HEAD, NEED_DATA, RequestDecoder, ResponseDecoder } from './message-decoder.js';
import type { BodyLength } from './write-framing.js';

export interface DecodeHttp1Config {
  /** `server` reads requests, `client` responses. */
  readonly role: 'server' | 'client';
  readonly limits?: Partial<Http1Limits>;
  /** For a client: the method of the request whose response comes next. GET by default. */
  readonly requestMethod?: () => string;
  /** For a client: whether that request asked for another protocol. */
  readonly upgradeAsked?: () => boolean;
}

/**
 * Reads HTTP/1 messages: bytes in, events out.
 *
 * ```text
 * bytes   --a--------b-----c|       a: a head and some of its body
 * events  --(hd)-----d-----(de)|
 * ```
 *
 * A `data` event is a view of the bytes, emitted while they are delivered, so a hold on it holds them. After a CONNECT
 * request or a response that switches protocols comes `upgrade`, and what follows as `data`. A message that ends the
 * connection completes the result. Errors: `ProtocolError` of scope `connection`, by code in the guide to HTTP/1; in
 * `wireCode` the status a server owes.
 *
 * RFC 9112. To decide about an upgrade asked for by a request, use a server: here the bytes behind it are read as HTTP.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { decodeHttp1Messages } from 'rxweir/operators';
 * of(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
 *   .pipe(decodeHttp1Messages({ role: 'server' }))
 *   .subscribe((event) => console.log(event.type)); // request, end
 * ```
 * @see encodeHttp1Messages
 */
export function decodeHttp1Messages(config: DecodeHttp1Config): OperatorFunction<Uint8Array, Http1Event> {
  return operate((subscriber) => {
    const lane = config.role === 'server' ? new RequestLane(config) : new ResponseLane(config);
    let draining = false;
    let switched = false;

    const drain = (): void => {
      if (draining) return; // re-entered from an emission: the loop below goes on
      draining = true;
      try {
        while (!subscriber.closed && !switched && step(subscriber));
      } finally {
        draining = false;
      }
    };
    const step = (to: Subscriber<Http1Event>): boolean => {
      lane.await();
      const { decoder } = lane;
      switch (decoder.read()) {
        case NEED_DATA:
          return false;
        case HEAD:
          to.next(lane.head());
          return true;
        case DATA:
          to.next({ type: 'data', chunk: decoder.chunk, extension: decoder.chunkExtension });
          return true;
        case END:
          end(to);
          return true;
        case CLOSED:
        default:
          to.complete();
          return false;
      }
    };
    const end = (to: Subscriber<Http1Event>): void => {
      const { decoder } = lane;
      const switches = lane.switches;
      if (lane.tellsEnd) to.next({ type: 'end', trailers: decoder.trailers });
      if (!switches || to.closed) return;
      const leftover = decoder.takeRest();
      switched = true;
      to.next({ type: 'upgrade', leftover });
    };

    return {
      next(chunk) {
        if (switched) {
          subscriber.next({ type: 'data', chunk, extension: '' });
          return;
        }
        lane.decoder.push(chunk);
        drain();
      },
      complete() {
        if (switched) {
          subscriber.complete();
          return;
        }
        lane.decoder.finish();
        drain();
        if (switched) subscriber.complete();
      },
    };
  });
}

class RequestLane {
  readonly decoder: RequestDecoder;
  readonly tellsEnd = true;

  constructor({ limits }: DecodeHttp1Config) {
    this.decoder = new RequestDecoder(limits);
  }

  get switches(): boolean {
    return this.decoder.head.method === 'CONNECT';
  }

  await(): void {
    // requests are never awaited
  }

  head(): Http1Event {
    const { method, target, version, fields } = this.decoder.head;
    return { type: 'request', method, target, version, fields, bodyLength: bodyLengthOf(this.decoder) };
  }
}

class ResponseLane {
  readonly decoder: ResponseDecoder;
  readonly #config: DecodeHttp1Config;

  constructor(config: DecodeHttp1Config) {
    this.#config = config;
    this.decoder = new ResponseDecoder(config.limits);
  }

  get switches(): boolean {
    return this.decoder.framing === FRAMING_TUNNEL;
  }

  /** A 1xx response is one event; a switch of protocols has its own end. */
  get tellsEnd(): boolean {
    const { framing, head } = this.decoder;
    return framing !== FRAMING_TUNNEL && head.status >= 200;
  }

  /** Announces the next request once something of its response is there. */
  await(): void {
    const { decoder } = this;
    if (decoder.awaited > 0 || decoder.midMessage || decoder.buffered === 0) return;
    const { requestMethod, upgradeAsked } = this.#config;
    decoder.expect(requestMethod?.() ?? 'GET', upgradeAsked?.() ?? false);
  }

  head(): Http1Event {
    const { status, reason, version, fields } = this.decoder.head;
    if (status < 200 && status !== 101) return { type: 'informational', status, reason, version, fields };
    return { type: 'response', status, reason, version, fields, bodyLength: bodyLengthOf(this.decoder) };
  }
}

function bodyLengthOf({ framing, contentLength }: RequestDecoder | ResponseDecoder): BodyLength {
  if (framing === FRAMING_NONE || framing === FRAMING_TUNNEL) return null;
  return framing === FRAMING_LENGTH ? contentLength : undefined;
}
