import { isProtocolError, ProtocolError, UsageError } from '../core/protocol-error.js';
import { HpackEncoder } from '../hpack/encoder.js';
import type { Fields } from '../http/fields.js';
import type { Http2ConnectionOptions, StreamHooks } from './connection-hooks.js';
import { type Http2Limits, resolveHttp2Limits, resolveHttp2Settings } from './connection-options.js';
import { Http2ErrorCode } from './error-code.js';
import { MAX_STREAM_ID } from './frame-header.js';
import type { FrameOutput } from './frame-output.js';
import { endsStream } from './frame-type.js';
import type { HeadersFrame } from './frames/headers-frame.js';
import type { PriorityUpdateFrame } from './frames/priority-update-frame.js';
import type { PushPromiseFrame } from './frames/push-promise-frame.js';
import type { SettingEntry } from './frames/settings-frame.js';
import { type DecodedHead, HeadReader } from './head-reader.js';
import { connectionError, streamError } from './http2-error.js';
import { PriorityBook } from './priority-book.js';
import type { Priority } from './priority-field.js';
import { ReceiveCredit } from './receive-credit.js';
import { type ReceiveHooks, Receiver } from './receive.js';
import { checkPromisedFields, checkRequestFields } from './request-rules.js';
import { type SendHooks, Sender } from './send.js';
import { SettingsExchange } from './settings-exchange.js';
import type { Settings } from './settings.js';
import { Http2Stream, type StreamPort, type StreamSink } from './stream.js';
import { isClosed, receiveStep, sendStep, StreamInputCode, StreamStateCode } from './stream-step.js';
import { Streams } from './streams.js';

/** What a response has at least: `:status`, as RFC 9113 §6.5.2 counts it. Bytes. */
const LEAST_RESPONSE = 42;

/** The streams of one connection and the two lanes they share: how they begin, what they ask for, how they end. */
export class StreamLanes implements StreamPort, SendHooks, ReceiveHooks {
  readonly streams: Streams;
  readonly sender: Sender;
  readonly credit: ReceiveCredit;
  readonly receiver: Receiver;
  readonly heads: HeadReader;
  readonly settings: SettingsExchange;
  readonly priorities = new PriorityBook();
  readonly limits: Http2Limits;
  /** What we announce at the beginning. */
  readonly own: Partial<Settings>;
  readonly now: () => number;
  /** Highest stream of the peer that is still taken: those above are as if never sent. */
  lastTaken = MAX_STREAM_ID;
  readonly #hooks: StreamHooks;
  readonly #isServer: boolean;

  /** @throws UsageError `INVALID_LIMIT` */
  constructor(output: FrameOutput, hooks: StreamHooks, options: Http2ConnectionOptions) {
    const { role, limits, settings, now, upgraded } = options;
    const bounds = resolveHttp2Limits(role, limits);
    this.#hooks = hooks;
    this.#isServer = role === 'server';
    this.limits = bounds;
    this.now = now;
    this.own = resolveHttp2Settings(role, bounds, settings);
    this.streams = new Streams(role, upgraded);
    this.settings = new SettingsExchange(role);
    this.heads = new HeadReader(bounds);
    this.sender = new Sender(output, new HpackEncoder(), this, bounds.maxQueued);
    const { connectionWindow, maxConnectionMemory } = bounds;
    this.credit = new ReceiveCredit(output, connectionWindow, maxConnectionMemory);
    this.receiver = new Receiver(this.heads, this.streams, this.sender, this.credit, bounds, this.#isServer, this);
  }

  /** Announces settings of ours, and takes from now on what they allow. @throws UsageError `INVALID_SETTING` */
  announce(changes: Partial<Settings>): void {
    this.sender.output.settings(this.settings.announce(changes));
    this.credit.resize(this.settings.most('initialWindowSize'), this.streams);
  }

  // -- streams of ours -------------------------------------------------------------------------------------------------

  /** A stream of ours begins with the head of a request. @throws UsageError; there is no stream then */
  request(
    sink: StreamSink,
    fields: Fields | readonly string[],
    pseudo: readonly string[],
    endStream: boolean,
  ): Http2Stream {
    return this.requestBlock(sink, this.sender.encode(fields, pseudo), endStream);
  }

  /** The same with a header block that was made by this connection's encoder just now, or would be the same now. */
  requestBlock(sink: StreamSink, block: Uint8Array, endStream: boolean): Http2Stream {
    const stream = this.#local(StreamStateCode.idle);
    stream.sink = sink;
    this.streams.add(stream);
    this.sender.block(stream, StreamStateCode.open, block, endStream);
    return stream;
  }

  /** Stream 1 after an upgrade of ours: the request has gone over HTTP/1, its response comes here. */
  upgradedRequest(sink: StreamSink): Http2Stream {
    const stream = this.#local(StreamStateCode.halfClosedLocal, 1);
    stream.sink = sink;
    stream.ending = true;
    this.streams.add(stream);
    return stream;
  }

  /** Stream 1 after an upgrade of the client's: its request came over HTTP/1, whole. @throws ProtocolError */
  upgradedBy(settings: readonly SettingEntry[], head: DecodedHead): void {
    this.settings.upgraded(settings, this.sender, this.streams);
    this.streams.ids.openPeer(1);
    const stream = this.#remote(1, StreamStateCode.halfClosedRemote);
    stream.hasHead = true;
    head.request = checkRequestFields(head.list);
    this.streams.add(stream);
    this.#hooks.requested(stream, head, true);
  }

  /** A stream of ours is promised on one of the peer's: its response can be sent from now on. @throws UsageError */
  promise(parent: Http2Stream, fields: Fields | readonly string[], pseudo: readonly string[]): Http2Stream {
    const { remote } = this.settings;
    const { ids, local } = this.streams;
    if (!remote.enablePush || local >= remote.maxConcurrentStreams || ids.goawayReceived < Infinity) {
      throw new UsageError('PUSH_DISABLED', 'the client does not take this push');
    }
    parent.state = sendStep(parent.state, StreamInputCode.sendPushPromise, parent.id);
    const stream = this.#local(StreamStateCode.reservedLocal);
    this.sender.promise(parent, stream.id, fields, pseudo);
    this.streams.add(stream);
    return stream;
  }

  #local(state: number, id = this.streams.ids.takeLocal()): Http2Stream {
    const { initialWindowSize } = this.settings.remote;
    return new Http2Stream(this, id, state, true, this.credit.streamWindow, initialWindowSize);
  }

  // -- streams of the peer ---------------------------------------------------------------------------------------------

  opened(frame: HeadersFrame, head: DecodedHead | undefined, error: ProtocolError | undefined): void {
    const { streamId } = frame;
    const { streams } = this;
    if (!this.#isServer) throw connectionError('PROTOCOL_ERROR', `a response on stream ${streamId}, which is idle`);
    streams.ids.openPeer(streamId);
    if (streamId > this.lastTaken) return streams.refuse(streamId);
    if (streams.peer >= this.settings.announced.maxConcurrentStreams) {
      throw streamError('REFUSED_STREAM', `stream ${streamId} is more than may be open at a time`);
    }
    if (this.sender.maxHeaderList < LEAST_RESPONSE) {
      throw streamError('ENHANCE_YOUR_CALM', `no response fits into ${this.sender.maxHeaderList} bytes of fields`);
    }
    const ends = endsStream(frame);
    const stream = this.#remote(streamId, ends ? StreamStateCode.halfClosedRemote : StreamStateCode.open);
    stream.hasHead = true;
    if (error !== undefined) {
      if (error.limit === undefined) throw error;
      streams.add(stream);
      return this.#hooks.refused(stream, error);
    }
    const decoded = head as DecodedHead;
    const extendedConnect = this.settings.announced.enableConnectProtocol;
    const control = (decoded.request ??= checkRequestFields(decoded.list, { extendedConnect }));
    stream.priority = this.priorities.take(streamId) ?? decoded.priority;
    stream.declared = control.contentLength ?? -1;
    stream.tunnel = control.method === 'CONNECT';
    if (ends && stream.declared > 0) throw streamError('PROTOCOL_ERROR', 'a body was declared, and none comes');
    streams.add(stream);
    this.#hooks.requested(stream, decoded, ends);
  }

  /** PUSH_PROMISE. @throws ProtocolError */
  promised({ streamId, promisedId, fragment }: PushPromiseFrame): void {
    const { streams } = this;
    if (!this.settings.announced.enablePush) throw connectionError('PROTOCOL_ERROR', 'a push, which was not allowed');
    const head = this.heads.tryRead(fragment);
    const parent = streams.get(streamId);
    receiveStep(streams.stateOf(streamId), StreamInputCode.recvPushPromise, streamId);
    streams.ids.openPeer(promisedId);
    if (parent === undefined || streams.peer >= this.settings.announced.maxConcurrentStreams) {
      return this.#refuse(promisedId, Http2ErrorCode.REFUSED_STREAM);
    }
    try {
      this.#reserve(parent, promisedId, head);
    } catch (error) {
      this.broken(promisedId, error); // the stream it came on is as good as before
    }
  }

  #reserve(parent: Http2Stream, promisedId: number, head: DecodedHead | ProtocolError): void {
    if (isProtocolError(head)) throw head;
    const { method } = (head.request ??= checkPromisedFields(head.list));
    const stream = this.#remote(promisedId, StreamStateCode.reservedRemote);
    stream.bodiless = method === 'HEAD';
    this.streams.add(stream);
    this.#hooks.pushed(parent, stream, head);
  }

  /** PRIORITY_UPDATE. @throws ProtocolError */
  prioritized(frame: PriorityUpdateFrame): void {
    this.priorities.update(frame, this.streams, this.sender, this.receiver.abuse, this.now());
  }

  #remote(streamId: number, state: number): Http2Stream {
    const { initialWindowSize } = this.settings.remote;
    return new Http2Stream(this, streamId, state, false, this.credit.streamWindow, initialWindowSize);
  }

  #refuse(streamId: number, code: number): void {
    this.sender.output.reset(streamId, code);
    this.streams.refuse(streamId);
  }

  // -- what streams ask for --------------------------------------------------------------------------------------------

  headers(
    stream: Http2Stream,
    fields: Fields | readonly string[],
    pseudo: readonly string[],
    endStream: boolean,
  ): void {
    this.sender.headers(stream, fields, pseudo, endStream);
  }

  data(stream: Http2Stream, chunk: Uint8Array): void {
    this.sender.data(stream, chunk);
  }

  end(stream: Http2Stream, trailers: Fields | undefined): void {
    this.sender.end(stream, trailers);
  }

  reset(stream: Http2Stream, code: number, error: unknown): void {
    if (isClosed(stream.state)) return;
    this.sender.reset(stream, code);
    this.over(stream);
    if (error !== undefined) stream.sink?.failed(error);
    this.sender.drop(stream);
  }

  provoked(stream: Http2Stream, code: number): void {
    this.reset(stream, code, undefined);
    try {
      this.receiver.abuse.reset(this.now());
    } catch (error) {
      this.#hooks.abused(error);
    }
  }

  reprioritize(stream: Http2Stream, priority: Priority): void {
    this.sender.reprioritize(stream, priority);
  }

  released(stream: Http2Stream, bytes: number, frames: number): void {
    this.credit.released(stream, bytes, frames);
    if (stream.held === 0) stream.sink?.released();
    if (this.sender.busy) return;
    this.credit.replenish();
    this.sender.flush();
  }

  // -- how streams end -------------------------------------------------------------------------------------------------

  sentLast(stream: Http2Stream): void {
    this.over(stream);
  }

  over(stream: Http2Stream): void {
    this.streams.remove(stream);
    stream.whenOver?.();
    this.#hooks.ended();
  }

  failed(stream: Http2Stream, error: unknown): void {
    this.over(stream);
    stream.sink?.failed(error);
    this.sender.drop(stream);
  }

  /** The peer broke a rule that ends one stream: it is reset, which counts. @throws what is no such error */
  broken(streamId: number, error: unknown): void {
    if (!isProtocolError(error) || error.scope !== 'stream') throw error;
    this.receiver.abuse.reset(this.now());
    this.credit.flush(); // what came before the error
    const stream = this.streams.get(streamId);
    if (stream === undefined) this.#refuse(streamId, error.wireCode);
    else this.reset(stream, error.wireCode, error);
  }

  /** Streams above `last` of those of ours, which the peer has not looked at, fail. */
  failAbove(last: number, error: unknown): void {
    for (const stream of this.streams.all()) if (stream.local && stream.id > last) this.#fail(stream, error);
  }

  /** All fail: the connection does. */
  failAll(error: unknown): void {
    for (const stream of this.streams.all()) this.#fail(stream, error);
  }

  #fail(stream: Http2Stream, error: unknown): void {
    if (isClosed(stream.state)) return;
    stream.state = StreamStateCode.resetRemote;
    this.failed(stream, error);
  }
}
