import { ProtocolError } from '../core/protocol-error.js';
import { AbuseLimits, isOddPriority, isOddWindowUpdate } from './abuse-limits.js';
import { Http2ErrorCode, http2ErrorName } from './error-code.js';
import { checkTrailers, malformed } from './field-rules.js';
import { MAX_WINDOW } from './flow-control.js';
import type { Http2Limits } from './connection-options.js';
import { endsStream, FrameFlag, FrameType, frameTypeName } from './frame-type.js';
import { type DataFrame, dataPayloadLength } from './frames/data-frame.js';
import type { HeadersFrame } from './frames/headers-frame.js';
import { MALFORMED, type MalformedFrame } from './frames/malformed-frame.js';
import { selfDependency } from './frames/priority-frame.js';
import type { RstStreamFrame } from './frames/rst-stream-frame.js';
import { UNKNOWN } from './frames/unknown-frame.js';
import type { WindowUpdateFrame } from './frames/window-update-frame.js';
import { DecodedHead, type HeadReader } from './head-reader.js';
import type { AssembledFrame } from './header-block-assembler.js';
import { connectionError, streamError } from './http2-error.js';
import type { ReceiveCredit } from './receive-credit.js';
import { checkResponseFields } from './response-rules.js';
import type { Sender } from './send.js';
import type { Http2Stream } from './stream.js';
import { IGNORED, isClosed, receiveStep, StreamInputCode, StreamStateCode } from './stream-step.js';
import type { Streams } from './streams.js';

/** What the receiving lane tells its connection. */
export interface ReceiveHooks {
  /** HEADERS of the peer on an idle stream. `error`: they could be read, and were refused. */
  opened(frame: HeadersFrame, head: DecodedHead | undefined, error: ProtocolError | undefined): void;
  /** The stream is over by what came. */
  over(stream: Http2Stream): void;
  /** The peer has reset it, or has made us do so. */
  failed(stream: Http2Stream, error: ProtocolError): void;
  /** Milliseconds. */
  now(): number;
}

const NO_CONTENT = 204;
const NOT_MODIFIED = 304;

/** The inbound lane: frames that belong to a stream, turned into what its sink is told. */
export class Receiver {
  readonly abuse: AbuseLimits;
  readonly #heads: HeadReader;
  readonly #streams: Streams;
  readonly #sender: Sender;
  readonly #credit: ReceiveCredit;
  readonly #limits: Http2Limits;
  readonly #hooks: ReceiveHooks;
  readonly #isServer: boolean;
  #priorities = 0;
  #windowUpdates = 0;

  constructor(
    heads: HeadReader,
    streams: Streams,
    sender: Sender,
    credit: ReceiveCredit,
    limits: Http2Limits,
    isServer: boolean,
    hooks: ReceiveHooks,
  ) {
    this.abuse = new AbuseLimits({ resets: limits.maxResets, glitches: limits.maxGlitches, now: hooks.now() });
    this.#heads = heads;
    this.#streams = streams;
    this.#sender = sender;
    this.#credit = credit;
    this.#limits = limits;
    this.#isServer = isServer;
    this.#hooks = hooks;
  }

  /**
   * Takes a frame of one of the types that concern a stream. @param within bytes of the chunk it was read from.
   *
   * @throws ProtocolError of either scope
   */
  frame(frame: AssembledFrame, within: number): void {
    if (frame.type !== FrameType.DATA) this.#credit.flush();
    switch (frame.type) {
      case FrameType.DATA:
        return this.#data(frame, within);
      case FrameType.HEADERS:
        return this.#headers(frame);
      case FrameType.RST_STREAM:
        return this.#reset(frame);
      case FrameType.WINDOW_UPDATE:
        return this.#windowUpdate(frame);
      case FrameType.PRIORITY:
        if (isOddPriority(++this.#priorities, this.#streams.opened)) this.odd();
        return;
      case UNKNOWN:
        return this.odd();
      case MALFORMED:
        throw this.#judge(frame);
      default:
        throw connectionError('PROTOCOL_ERROR', `${frameTypeName(frame.type)} where none may be`);
    }
  }

  /** Something legal came that makes no sense. @throws ProtocolError connection `ENHANCE_YOUR_CALM` */
  odd(): void {
    this.abuse.glitch(this.#hooks.now());
  }

  #carried(empty: boolean): void {
    this.abuse.carried(empty, empty ? this.#hooks.now() : 0);
  }

  /** An error of one stream is one of the connection where that stream is idle. */
  #judge({ streamId, frameType, error }: MalformedFrame): ProtocolError {
    const idle = this.#streams.ids.isIdle(streamId) && frameType !== FrameType.PRIORITY;
    return idle ? connectionError(error.code as 'PROTOCOL_ERROR', error.message) : error;
  }

  #data(frame: DataFrame, within: number): void {
    const { data, streamId, flags } = frame;
    const bytes = dataPayloadLength(frame);
    const ends = (flags & FrameFlag.END_STREAM) !== 0;
    this.#credit.arrived(bytes);
    this.#carried(data.length === 0 && !ends);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return this.#astray(streamId, StreamInputCode.recvData);
    stream.state = receiveStep(stream.state, StreamInputCode.recvData, streamId);
    this.#credit.take(stream, bytes);
    if (!stream.hasHead) throw malformed('DATA before the head of the message');
    stream.received += data.length;
    if (stream.bodiless ? stream.received > 0 : stream.declared >= 0 && stream.received > stream.declared) {
      throw malformed(`${stream.received} bytes of body where ${stream.bodiless ? 0 : stream.declared} were declared`);
    }
    if (bytes > data.length) this.#credit.giveBack(stream, bytes - data.length);
    if (data.length > 0) this.#credit.deliver(stream, data, within);
    if (!ends) return;
    this.#credit.flush();
    if (!isClosed(stream.state)) this.#end(stream, undefined);
  }

  #headers(frame: HeadersFrame): void {
    const { streamId } = frame;
    const read = this.#heads.tryRead(frame.fragment);
    const head = read instanceof DecodedHead ? read : undefined;
    let refused = read instanceof DecodedHead ? undefined : read;
    if ((frame.flags & FrameFlag.PRIORITY) !== 0 && frame.dependency === streamId) {
      refused ??= selfDependency(streamId) as ProtocolError;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      if (this.#streams.ids.isIdle(streamId)) return this.#hooks.opened(frame, head, refused);
      return this.#astray(streamId, StreamInputCode.recvHeaders);
    }
    stream.state = receiveStep(stream.state, StreamInputCode.recvHeaders, streamId);
    if (refused !== undefined) throw refused;
    if (stream.hasHead && stream.tunnel) throw malformed('a header section on a stream that CONNECT has opened');
    if (stream.hasHead) this.#trailers(stream, head as DecodedHead, endsStream(frame));
    else this.#response(stream, head as DecodedHead, endsStream(frame));
  }

  #response(stream: Http2Stream, head: DecodedHead, ends: boolean): void {
    const { status, contentLength } = (head.response ??= checkResponseFields(head.list));
    if (status < 200) {
      if (ends) throw malformed(`interim response ${status} ends its stream`); // RFC 9113 §8.1
      if (++stream.interim > this.#limits.maxInterim) {
        const message = `more than ${this.#limits.maxInterim} interim responses`;
        throw new ProtocolError('INTERIM_LIMIT', message, {
          scope: 'stream',
          wireCode: Http2ErrorCode.ENHANCE_YOUR_CALM,
          limit: 'maxInterim',
        });
      }
      stream.sink?.informational(status, head.fields());
      return;
    }
    stream.hasHead = true;
    stream.tunnel &&= status < 300;
    stream.declared = stream.tunnel ? -1 : (contentLength ?? -1); // bytes both ways, whatever it declares
    stream.bodiless ||= status === NO_CONTENT || status === NOT_MODIFIED;
    stream.sink?.response(status, head.fields(), ends);
    if (ends && !isClosed(stream.state)) this.#end(stream, undefined);
  }

  #trailers(stream: Http2Stream, head: DecodedHead, ends: boolean): void {
    const { list } = head;
    checkTrailers(list, ends);
    let bytes = 0;
    for (const text of list) bytes += text.length + 16;
    const { maxTrailerBytes, maxTrailers } = this.#limits;
    if (bytes > maxTrailerBytes || list.length > 2 * maxTrailers) {
      throw new ProtocolError('TRAILER_LIMIT', 'a trailer section passes maxTrailerBytes or maxTrailers', {
        scope: 'stream',
        wireCode: Http2ErrorCode.ENHANCE_YOUR_CALM,
        limit: bytes > maxTrailerBytes ? 'maxTrailerBytes' : 'maxTrailers',
      });
    }
    this.#end(stream, head);
  }

  #end(stream: Http2Stream, trailers: DecodedHead | undefined): void {
    const { declared, received, bodiless, id } = stream;
    if (!bodiless && declared >= 0 && declared !== received) {
      throw malformed(`${received} bytes of body where ${declared} were declared`);
    }
    stream.state = receiveStep(stream.state, StreamInputCode.recvEndStream, id);
    if (isClosed(stream.state)) this.#hooks.over(stream);
    stream.sink?.ended(trailers?.fields());
  }

  #reset({ streamId, errorCode }: RstStreamFrame): void {
    if (this.#isServer) this.abuse.reset(this.#hooks.now()); // also of what was answered in time: who asks and resets has not read it
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return this.#astray(streamId, StreamInputCode.recvReset);
    stream.state = receiveStep(stream.state, StreamInputCode.recvReset, streamId);
    const code = http2ErrorName(errorCode) ?? 'INTERNAL_ERROR';
    const error = new ProtocolError(
      code,
      `the peer reset stream ${streamId}: ${http2ErrorName(errorCode) ?? errorCode}`,
      {
        scope: 'stream',
        wireCode: errorCode,
      },
    );
    this.#hooks.failed(stream, error);
  }

  #windowUpdate({ streamId, increment }: WindowUpdateFrame): void {
    const { opened, ids } = this.#streams;
    if (isOddWindowUpdate(++this.#windowUpdates, opened + ids.lastLocal / 2, this.#sender.dataFrames)) this.odd();
    if (streamId === 0) return this.#sender.window.increase(increment);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return this.#astray(streamId, StreamInputCode.recvWindowUpdate);
    stream.state = receiveStep(stream.state, StreamInputCode.recvWindowUpdate, streamId);
    stream.sendable += increment;
    if (stream.sendable > MAX_WINDOW) {
      throw streamError('FLOW_CONTROL_ERROR', `WINDOW_UPDATE makes a window of ${stream.sendable} bytes`);
    }
    this.#sender.credited(stream);
  }

  /** For a stream that is not in use: by the table an error, or nothing. */
  #astray(streamId: number, input: number): void {
    const state = this.#streams.stateOf(streamId);
    if (receiveStep(state, input, streamId) === IGNORED && state === StreamStateCode.resetLocal) this.odd();
  }
}
