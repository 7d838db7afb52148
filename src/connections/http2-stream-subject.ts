import { DuplexSubject } from '../../operators/core/duplex-subject.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import { UnicastSubject } from '../../operators/core/unicast-subject.js';
import { Fields } from '../../operators/http/fields.js';
import { Http2ErrorCode } from '../../operators/http2/error-code.js';
import type { Http2Connection } from '../../operators/http2/connection.js';
import { DecodedHead } from '../../operators/http2/head-reader.js';
import type { Priority } from '../../operators/http2/priority-field.js';
import { checkPromisedFields, type RequestControl } from '../../operators/http2/request-rules.js';
import type { StreamState } from '../../operators/http2/stream-state.js';
import type { Http2Stream, StreamSink } from '../../operators/http2/stream.js';
import type { Http2Event, Http2OutboundEvent } from './http2-event.js';
import { promisedPseudo, type PromisedRequest } from './promised-request.js';

/** Opens the stream of a request, when that comes. */
export type OpenStream = (
  sink: StreamSink,
  fields: Fields,
  pseudo: readonly string[],
  endStream: boolean,
) => Http2Stream;

/** A request that somebody else answers in place of the reader of its stream. */
export interface HandedHttp2Stream {
  readonly connection: Http2Connection;
  readonly stream: Http2Stream;
  readonly head: DecodedHead;
  /** It has no body. */
  readonly ends: boolean;
  /** Tells the sink of the stream, which is not the lane any more, what has come meanwhile. */
  catchUp(): void;
  /** Drops that, with its credit. */
  discard(): void;
}

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

  /**
   * Promises a response to a request that the client will make (RFC 9113 §8.4): a stream of ours, which begins with that
   * request and is answered as any. For servers; call it before the response that refers to it.
   *
   * @throws `UsageError` `PUSH_DISABLED` where the client takes none; `ILLEGAL_STREAM_STATE`, `ILLEGAL_EVENT`, `INVALID_TARGET`,
   *   `INVALID_METHOD`
   */
  push(request: PromisedRequest): Http2StreamSubject<Info> {
    return new Http2StreamSubject(this.#lane.promise(request), this.info);
  }

  /** @internal Undefined where it is over. @throws `UsageError` `STREAM_IN_USE`, `INVALID_OPTION` */
  static handOver(subject: Http2StreamSubject): HandedHttp2Stream | undefined {
    return subject.#lane.handOver();
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
  readonly #connection: Http2Connection;
  readonly #open: OpenStream | undefined;
  /** Of a request that is for us to answer. */
  #head: DecodedHead | undefined = undefined;
  #bodiless = false;
  #answered = false;

  /** @param open for a stream of ours, which begins with its request */
  constructor(connection: Http2Connection, open?: OpenStream) {
    this.#connection = connection;
    this.#open = open;
    this.events = new UnicastSubject<Http2Event>({ cancelled: () => this.reset(Http2ErrorCode.CANCEL) });
  }

  /** A request has come, or was promised. @param ends there is no body */
  requested(stream: Http2Stream, head: DecodedHead, ends: boolean): void {
    this.stream = stream;
    stream.sink = this;
    if (this.#connection.role === 'server') this.#head = head;
    this.#bodiless = ends;
    const { method, scheme, authority, path, protocol } = head.request as RequestControl;
    this.events.next({ type: 'request', method, scheme, authority, path, protocol, fields: head.fields() });
    if (ends) this.ended(undefined);
  }

  promise({ fields: init, ...request }: PromisedRequest): StreamLane {
    const parent = this.stream;
    if (parent === undefined || this.#connection.role !== 'server') {
      throw new UsageError('ILLEGAL_EVENT', 'a push is a server’s, and on a stream that has a request');
    }
    const pseudo = promisedPseudo(request);
    const fields = Fields.from(init);
    const head = promisedHead(pseudo, fields);
    const lane = new StreamLane(this.#connection);
    lane.requested(this.#connection.lanes.promise(parent, fields, pseudo), head, true);
    return lane;
  }

  handOver(): HandedHttp2Stream | undefined {
    const stream = this.stream;
    const head = this.#head;
    if (stream === undefined || head === undefined) {
      throw new UsageError('INVALID_OPTION', 'a stream to be answered has the request of a client');
    }
    if (this.events.claimed || this.#answered) {
      throw new UsageError('STREAM_IN_USE', 'the stream has a reader, or an answer');
    }
    if (stream.closed) {
      this.events.discard();
      return undefined;
    }
    this.#answered = true;
    const catchUp = (): void => {
      const { sink } = stream;
      this.events.subscribe({
        next: (event) => {
          if (event.type === 'data') sink?.next(event.chunk);
          else if (event.type === 'end') sink?.ended(event.trailers);
        },
        error: () => undefined,
      });
    };
    const discard = (): void => this.events.discard();
    return { connection: this.#connection, stream, head, ends: this.#bodiless, catchUp, discard };
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
    if (event.type !== 'informational') this.#answered = true;
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

/** What the client will read. @throws `UsageError` `INVALID_TARGET` */
function promisedHead(pseudo: readonly string[], fields: Fields): DecodedHead {
  const list = [...pseudo];
  fields.forEach((name, value) => list.push(name.toLowerCase(), value));
  const head = new DecodedHead(list, undefined);
  try {
    head.request = checkPromisedFields(list);
  } catch (error) {
    throw new UsageError('INVALID_TARGET', `not a request to push: ${(error as Error).message}`);
  }
  return head;
}
