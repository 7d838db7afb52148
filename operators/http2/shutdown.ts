import { isProtocolError, ProtocolError } from '../core/protocol-error.js';
import type { ConnectionHooks } from './connection-hooks.js';
import type { ControlFrames } from './control-frames.js';
import { Http2ErrorCode, http2ErrorName } from './error-code.js';
import type { Http2Role } from './frame-decoder.js';
import { MAX_STREAM_ID } from './frame-header.js';
import type { GoawayFrame } from './frames/goaway-frame.js';
import type { StreamLanes } from './stream-lanes.js';

/** Takes streams; takes no further ones; has ended its side, and drops what still comes; is over. */
export type Http2ConnectionState = 'open' | 'closing' | 'lingering' | 'closed';

const NO_DEBUG_DATA = new Uint8Array(0);

/** How a connection comes to its end (RFC 9113 §5.4.1, §6.8), up to the point where the socket is gone. */
export class Shutdown {
  state: Http2ConnectionState = 'open';
  readonly #role: Http2Role;
  readonly #lanes: StreamLanes;
  readonly #control: ControlFrames;
  readonly #socket: { complete(): void };
  readonly #hooks: ConnectionHooks;
  /** The peer does not know yet which of its streams are the last that count. */
  #waitsForPeer = false;

  constructor(
    role: Http2Role,
    lanes: StreamLanes,
    control: ControlFrames,
    socket: { complete(): void },
    hooks: ConnectionHooks,
  ) {
    this.#role = role;
    this.#lanes = lanes;
    this.#control = control;
    this.#socket = socket;
    this.#hooks = hooks;
  }

  /**
   * Takes no further streams. A server says so first, and only when the client has answered a PING behind that, which
   * streams it has still taken: nothing is lost on the way.
   */
  close(): void {
    if (this.state !== 'open') return;
    this.state = 'closing';
    const { streams, sender } = this.#lanes;
    if (this.#role === 'server') {
      this.#waitsForPeer = true;
      sender.output.goaway(MAX_STREAM_ID, Http2ErrorCode.NO_ERROR, NO_DEBUG_DATA);
      sender.output.ping(
        this.#control.pings.add(() => this.#peerKnows()),
        false,
      );
    } else sender.output.goaway(streams.ids.lastPeer, Http2ErrorCode.NO_ERROR, NO_DEBUG_DATA);
    sender.flush();
    this.#hooks.draining();
    this.finishIfDone();
  }

  /** Streams that the peer has not looked at can be sent again elsewhere; the others are finished. @throws ProtocolError */
  goawayReceived({ lastStreamId, errorCode }: GoawayFrame): void {
    this.#lanes.streams.ids.receiveGoaway(lastStreamId);
    const reason = http2ErrorName(errorCode) ?? String(errorCode);
    const error = new ProtocolError('STREAM_UNPROCESSED', `the peer closes (${reason}) and has not looked at this`, {
      scope: 'stream',
      wireCode: errorCode,
    });
    const wasOpen = this.state === 'open';
    if (wasOpen) this.state = 'closing';
    this.#lanes.failAbove(lastStreamId, error);
    if (wasOpen) this.#hooks.draining();
    this.finishIfDone();
  }

  /** Says GOAWAY for this error. All streams fail. */
  fail(error: unknown): void {
    const known = isProtocolError(error);
    const { streams, sender } = this.#lanes;
    this.state = 'lingering';
    sender.output.goaway(
      streams.ids.lastPeer,
      known ? error.wireCode : Http2ErrorCode.INTERNAL_ERROR,
      known ? Buffer.from(error.message) : NO_DEBUG_DATA,
    );
    sender.output.flush();
    this.#socket.complete();
    this.#lanes.failAll(error);
    this.#hooks.failed(error);
  }

  /** Ends our side once no stream is left. */
  finishIfDone(): void {
    if (this.state !== 'closing' || this.#waitsForPeer || this.#lanes.streams.size > 0) return;
    this.state = 'lingering';
    this.#lanes.sender.output.flush();
    this.#socket.complete();
    this.#hooks.failed(undefined);
  }

  /** The client knows that we are closing, and whatever it had sent before that is here. */
  #peerKnows(): void {
    this.#waitsForPeer = false;
    const { streams, sender } = this.#lanes;
    this.#lanes.lastTaken = streams.ids.lastPeer;
    sender.output.goaway(streams.ids.lastPeer, Http2ErrorCode.NO_ERROR, NO_DEBUG_DATA);
    sender.flush();
    this.finishIfDone();
  }
}
