import type { TimeoutError } from '../../operators/core/protocol-error.js';
import type { Http2Connection } from '../../operators/http2/connection.js';
import { Http2ErrorCode } from '../../operators/http2/error-code.js';
import type { Http2Stream } from '../../operators/http2/stream.js';
import { type HandedHttp2Stream, Http2StreamSubject } from '../connections/http2-stream-subject.js';
import { StreamWatch } from '../connections/stream-watch.js';
import type { SocketInfo } from '../sockets/byte-duplex.js';
import { infoOf } from '../sockets/socket-info.js';
import type { AddedStream, AddedStreamHost } from './added-stream.js';
import type { Http2Carrier } from './carrier.js';
import { Http2Plain } from './http2-plain.js';
import { RunningHandlers } from './running-handlers.js';

/** A stream of somebody else's HTTP/2 connection, or one that is promised on it. */
export class AddedHttp2Stream implements AddedStream, Http2Carrier {
  readonly active = 1;
  /** Of its own: a server that closes says so to this stream, not to all of the connection. */
  readonly socket: { readonly info: SocketInfo };
  readonly connection: Http2Connection;
  readonly plain: Http2Plain;
  readonly handlers = new RunningHandlers(1, 0);
  /** Whom its connection waits for knows who runs that. */
  readonly waiting: AddedStream['waiting'];
  readonly #host: AddedStreamHost;
  readonly #handed: HandedHttp2Stream;
  readonly #stream: Http2Stream;
  readonly #watch: StreamWatch<Http2Stream>;

  static takeOver(subject: Http2StreamSubject, host: AddedStreamHost): AddedHttp2Stream | undefined {
    const handed = Http2StreamSubject.handOver(subject);
    return handed && new AddedHttp2Stream(handed, subject.info, host);
  }

  private constructor(handed: HandedHttp2Stream, info: unknown, host: AddedStreamHost) {
    this.#handed = handed;
    this.#stream = handed.stream;
    this.#host = host;
    this.socket = { info: { ...infoOf(info) } };
    this.connection = handed.connection;
    this.plain = new Http2Plain(handed.connection.lanes.sender);
    this.waiting = { who: 'handler', since: host.deadlines.now() };
    this.#watch = new StreamWatch(
      host.deadlines,
      host.limits,
      () => [this.#stream],
      (stream, error) => this.#tooSlow(stream, error),
    );
  }

  get held(): number {
    return this.#stream.held;
  }

  get unsent(): number {
    return this.#stream.queued;
  }

  open(): void {
    const { stream, head, ends } = this.#handed;
    stream.whenOver = () => this.#ended();
    this.#watch.start();
    this.#host.answerHttp2(stream, head, ends, this);
    this.#handed.catchUp();
  }

  refuse(error: unknown): void {
    const { events } = this.#host.context;
    const { remote } = this.socket.info;
    if (events.observed) events.emit({ type: 'refused', status: 503, remote, error });
    this.#stream.reset(Http2ErrorCode.REFUSED_STREAM);
    this.#handed.discard();
  }

  /** It is answered as the handler sees fit; what comes after it on its connection is not ours. */
  close(): void {}

  destroy(error: unknown): void {
    this.#stream.reset(Http2ErrorCode.CANCEL, error);
  }

  #tooSlow(stream: Http2Stream, error: TimeoutError): void {
    this.#host.timeout(error, this);
    stream.reset(Http2ErrorCode.CANCEL, error);
  }

  #ended(): void {
    this.#watch.stop();
    this.#host.closed(undefined, this);
  }
}
