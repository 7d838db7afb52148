import type { Http2Limits } from './connection-options.js';
import type { FrameOutput } from './frame-output.js';
import { isAck } from './frame-type.js';
import type { PingFrame } from './frames/ping-frame.js';
import type { SettingsFrame } from './frames/settings-frame.js';
import type { HeadReader } from './head-reader.js';
import { calmError } from './http2-error.js';
import { Pings } from './pings.js';
import type { ReceiveCredit } from './receive-credit.js';
import type { Sender } from './send.js';
import type { SettingsExchange } from './settings-exchange.js';
import type { Streams } from './streams.js';

/** SETTINGS and PING: what has to be answered at once, counted while the answers cannot leave. */
export class ControlFrames {
  readonly pings = new Pings();
  readonly settings: SettingsExchange;
  readonly #output: FrameOutput;
  readonly #sender: Sender;
  readonly #streams: Streams;
  readonly #heads: HeadReader;
  readonly #credit: ReceiveCredit;
  readonly #most: number;
  /** Answers that the socket has not taken. */
  #waiting = 0;

  constructor(
    settings: SettingsExchange,
    sender: Sender,
    streams: Streams,
    heads: HeadReader,
    credit: ReceiveCredit,
    { maxControlReplies }: Http2Limits,
  ) {
    this.settings = settings;
    this.#sender = sender;
    this.#output = sender.output;
    this.#streams = streams;
    this.#heads = heads;
    this.#credit = credit;
    this.#most = maxControlReplies;
  }

  /** So many answers wait that nothing more should be read. */
  get backedUp(): boolean {
    return this.#waiting * 4 > this.#most;
  }

  /** Whether the settings of the peer have changed. @throws ProtocolError connection */
  onSettings(frame: SettingsFrame): boolean {
    if (isAck(frame)) {
      this.settings.acknowledged(this.#heads);
      this.#credit.resize(this.settings.most('initialWindowSize'), this.#streams);
      return false;
    }
    this.settings.received(frame, this.#sender, this.#streams);
    this.#output.settings([], true);
    this.replied();
    return true;
  }

  /** @throws ProtocolError connection `ENHANCE_YOUR_CALM` */
  onPing(frame: PingFrame): void {
    if (isAck(frame)) {
      this.pings.acknowledge(frame.opaque);
      return;
    }
    this.#output.ping(frame.opaque, true);
    this.replied();
  }

  /** Something was written because the peer asked for it. @throws ProtocolError connection `ENHANCE_YOUR_CALM` */
  replied(): void {
    if (++this.#waiting > this.#most) {
      throw calmError('maxControlReplies', `over ${this.#most} replies that are not read`);
    }
  }

  /** The socket has taken everything. */
  drained(): void {
    this.#waiting = 0;
  }
}
