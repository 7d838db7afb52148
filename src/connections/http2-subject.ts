import { AsyncSubject, filter, map, Observable, Subject } from 'rxjs';
import { DuplexSubject } from '../../operators/core/duplex-subject.js';
import { Http2Connection } from '../../operators/http2/connection.js';
import type { Http2ConnectionOptions } from '../../operators/http2/connection-hooks.js';
import { Http2ErrorCode } from '../../operators/http2/error-code.js';
import type { Frame, OutboundFrame } from '../../operators/http2/frame.js';
import type { Http2FrameEvent } from '../../operators/http2/frame-tap.js';
import type { SettingsState } from '../../operators/http2/settings-exchange.js';
import type { Settings } from '../../operators/http2/settings.js';
import type { Http2ConnectionState } from '../../operators/http2/shutdown.js';
import { Http2StreamSubject, StreamLane } from './http2-stream-subject.js';

/** The end of a connection. */
export interface Http2Closed {
  /** Why, unless it ended as it should. */
  readonly error: unknown;
}

/**
 * One HTTP/2 connection in either role, driven by hand: an Observable of the frames that come in, an Observer of frames to
 * send as they are, and the streams it multiplexes. Nothing is retried or timed; rules and limits hold all the same.
 *
 * It reads from the start. Watching frames is for free while nobody does, and leaving changes nothing. `complete` closes it
 * when the streams in use are over (GOAWAY), `error` at once.
 *
 * RFC 9113.
 *
 * @example
 * ```ts
 * import { connect } from 'rxweir';
 * connect({ url: 'http://127.0.0.1:8080/', version: '2' }).subscribe((connection) => {
 *   connection.frames$.subscribe(({ direction, frame }) => console.log(direction, frame.type));
 *   const stream = connection.openStream();
 *   stream.subscribe((event) => console.log(event.type)); // response, data, end
 *   const authority = '127.0.0.1:8080';
 *   stream.next({ type: 'request', method: 'GET', scheme: 'http', authority, path: '/', endStream: true });
 *   connection.complete();
 * });
 * ```
 */
export class Http2Subject<Info = unknown> extends DuplexSubject<Frame, OutboundFrame, Info> {
  /** Every frame, in and out. */
  readonly frames$: Observable<Http2FrameEvent>;
  /** The settings of both sides: now, and at each change. */
  readonly settings$: Observable<SettingsState>;
  /** Streams the peer begins: requests on a server, pushes on a client that allows them. One that nobody takes is refused. */
  readonly streams$: Observable<Http2StreamSubject<Info>>;
  /** Emits once, then completes, when the connection is over; also to those who subscribe later. */
  readonly closed$: Observable<Http2Closed>;
  readonly #connection: Http2Connection;
  readonly #now: () => number;

  /** @param socket belongs to the connection from now on, and is subscribed to. */
  constructor(socket: DuplexSubject<Uint8Array, Uint8Array, Info>, options: Http2ConnectionOptions) {
    const streams = new Subject<Http2StreamSubject<Info>>();
    const closed = new AsyncSubject<Http2Closed>();
    const take = (lane: StreamLane): boolean => {
      streams.next(new Http2StreamSubject(lane, socket.info));
      return streams.observed;
    };
    let failure: unknown;
    const connection = new Http2Connection(
      socket,
      {
        requested(stream, head, ends) {
          const lane = new StreamLane(connection);
          lane.requested(stream, head, ends);
          if (!take(lane)) stream.reset(Http2ErrorCode.REFUSED_STREAM);
        },
        refused: (stream) => {
          stream.headers(['content-length', '0'], [':status', '431'], true);
          stream.reset(Http2ErrorCode.NO_ERROR);
        },
        pushed(_, promised, head) {
          const lane = new StreamLane(connection);
          lane.requested(promised, head, false);
          if (!take(lane)) promised.reset(Http2ErrorCode.CANCEL);
        },
        available: () => undefined,
        draining: () => undefined,
        progress: () => undefined,
        failed: (error) => {
          failure = error;
        },
        closed: (error) => {
          streams.complete();
          closed.next({ error: error ?? failure });
          closed.complete();
        },
      },
      options,
    );
    const inbound = connection.frames$.pipe(
      filter(({ direction }) => direction === 'in'),
      map(({ frame }) => frame),
    );
    const outbound = {
      next: (frame: OutboundFrame) => connection.write(frame),
      error: (error: unknown) => connection.destroy(error),
      complete: () => connection.close(),
    };
    super(inbound, outbound, socket.info);
    this.#connection = connection;
    this.#now = options.now;
    this.frames$ = connection.frames$;
    this.settings$ = connection.settings$;
    this.streams$ = streams.asObservable();
    this.closed$ = closed.asObservable();
  }

  /** @internal Sends the preface of this side and starts reading. */
  open(): this {
    this.#connection.open();
    return this;
  }

  get state(): Http2ConnectionState {
    return this.#connection.state;
  }

  /** Another stream may begin now: the connection is open and the peer takes one more. */
  get mayOpen(): boolean {
    return this.#connection.mayOpen;
  }

  /** A stream of ours; it begins with its `request`, which throws `UsageError` `STREAM_LIMIT` where {@link mayOpen} is false. */
  openStream(): Http2StreamSubject<Info> {
    const connection = this.#connection;
    const lane = new StreamLane(connection, (sink, fields, pseudo, endStream) =>
      connection.request(sink, fields, pseudo, endStream),
    );
    return new Http2StreamSubject(lane, this.info);
  }

  /** A PING: emits the milliseconds until its answer, and completes. Cold; several may be under way. */
  ping(): Observable<number> {
    return new Observable((subscriber) => {
      const from = this.#now();
      this.#connection.ping(() => {
        subscriber.next(this.#now() - from);
        subscriber.complete();
      });
      subscriber.add(this.closed$.subscribe(() => subscriber.complete()));
    });
  }

  /** Announces changes of our settings; `settings$` tells when they are in force. @throws `UsageError` `INVALID_SETTING` */
  changeSettings(changes: Partial<Settings>): void {
    this.#connection.changeSettings(changes);
  }
}
