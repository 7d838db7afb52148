import { DuplexSubject } from '../../operators/core/duplex-subject.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import { UnicastSubject } from '../../operators/core/unicast-subject.js';
import { Fields } from '../../operators/http/fields.js';
import { Http2ErrorCode } from '../../operators/http2/error-code.js';
import type { DecodedHead } from '../../operators/http2/head-reader.js';
import type { Priority } from '../../operators/http2/priority-field.js';
import type { RequestControl } from '../../operators/http2/request-rules.js';
import type { StreamState } from '../../operators/http2/stream-state.js';
import type { Http2Stream, StreamSink } from '../../operators/http2/stream.js';
import type { Http2Event, Http2OutboundEvent } from './http2-event.js';

/** Opens the stream of a request, when that comes. */
export type OpenStream = (
  sink: StreamSink,
  fields: Fields,
  pseudo: readonly string[],
  endStream: boolean,
) => Http2Stream;

/**
 * One stream of a connection, driven by hand: an Observable of what the peer sends on it and an Observer of what we do.
 *
 * ```text
 * client  next       (request) data data end
 *         Observable                         informational response data end|
 * server  Observable (request) data data end|
 *         next                               informational response data end
 * ```
 *
 * - In: `data` events are deliveries of the stream, so holding them withholds its WINDOW_UPDATE and no other's. Leaving
 *   before the end resets the stream with CANCEL. A reset by the peer is a `ProtocolError` with the name of its code.
 * - Out: `next` holds the delivery it is called in while windows or the socket are in the way; it throws `UsageError` for
 *   what the state of the stream does not allow. `complete` ends our half; `error` resets.
 *
 * RFC 9113 §5.
 */
export class Http2StreamSubject<Info = unknown> extends DuplexSubject<Http2Event, Http2OutboundEvent, Info> {
  readonly #lane: StreamLane;

  constructor(lane: StreamLane, info: Info) {
    super(lane.events, lane, info);
    this.#lane = lane;
  }

  /** Its identifier; 0 before a request was sent on it. */
  get id(): number {
    return this.#lane.stream?.id ?? 0;
  }

  get state(): StreamState {
    return this.#lane.stream?.stateName ?? 'idle';
  }

  /** Ends it at once in both directions. @param code by default CANCEL */
  reset(code: number = Http2ErrorCode.CANCEL): void {
    this.#lane.reset(code);
  }

  /** Changes its place among the streams of this side that wait to be written. */
  reprioritize(priority: Priority): void {
    this.#lane.stream?.reprioritize(priority);
  }
}

/** Between a stream and its subject. */
export class StreamLane implements StreamSink {
  readonly events: UnicastSubject<Http2Event>;
  stream: Http2Stream | undefined = undefined;
  readonly #open: OpenStream | undefined;

  /** @param open for a stream of ours, which begins with its request */
  constructor(open?: OpenStream) {
    this.#open = open;
    this.events = new UnicastSubject<Http2Event>({ cancelled: () => this.reset(Http2ErrorCode.CANCEL) });
  }

  /** A stream of the peer's has begun. */
  requested(stream: Http2Stream, head: DecodedHead): void {
    this.stream = stream;
    stream.sink = this;
    const { method, scheme, authority, path, protocol } = head.request as RequestControl;
    this.events.next({ type: 'request', method, scheme, authority, path, protocol, fields: head.fields() });
  }

  reset(code: number): void {
    this.stream?.reset(code);
  }

  // -- out -------------------------------------------------------------------------------------------------------------

  next(event: Http2OutboundEvent | Uint8Array): void {
    if (event instanceof Uint8Array) this.events.next({ type: 'data', chunk: event });
    else this.#send(event);
  }

  error(error: unknown): void {
    this.stream?.reset(Http2ErrorCode.CANCEL, error);
  }

  complete(): void {
    this.stream?.end();
  }

  #send(event: Http2OutboundEvent): void {
    if (event.type === 'request') return this.#request(event);
    const stream = this.stream;
    if (stream === undefined) throw new UsageError('ILLEGAL_EVENT', `${event.type} before the request`);
    if (stream.closed) return; // it has failed, and its reader was told
    switch (event.type) {
      case 'informational':
      case 'response': {
        const ends = event.type === 'response' && event.endStream === true;
        return stream.headers(Fields.from(event.fields), [':status', String(event.status)], ends);
      }
      case 'data':
        return stream.data(event.chunk);
      default:
        return stream.end(event.trailers === undefined ? undefined : Fields.from(event.trailers));
    }
  }

  #request(event: Extract<Http2OutboundEvent, { type: 'request' }>): void {
    if (this.stream !== undefined || this.#open === undefined) {
      throw new UsageError('ILLEGAL_EVENT', 'a stream has one request, and it has begun');
    }
    const { method, scheme, authority, path, protocol, fields, endStream = false } = event;
    const pseudo: string[] = [];
    const given = {
      ':method': method,
      ':protocol': protocol,
      ':scheme': scheme,
      ':authority': authority,
      ':path': path,
    };
    for (const [name, value] of Object.entries(given)) if (value !== undefined) pseudo.push(name, value);
    this.stream = this.#open(this, Fields.from(fields), pseudo, endStream);
    this.stream.bodiless = method === 'HEAD';
  }

  // -- in --------------------------------------------------------------------------------------------------------------

  informational(status: number, fields: Fields): void {
    this.events.next({ type: 'informational', status, fields });
  }

  response(status: number, fields: Fields): void {
    this.events.next({ type: 'response', status, fields });
  }

  ended(trailers: Fields | undefined): void {
    this.events.next({ type: 'end', trailers });
    this.events.complete();
  }

  released(): void {}

  sent(): void {}

  failed(error: unknown): void {
    this.events.error(error);
  }
}
