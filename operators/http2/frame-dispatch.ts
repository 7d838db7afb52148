import type { ControlFrames } from './control-frames.js';
import type { Frame } from './frame.js';
import type { FrameTap } from './frame-tap.js';
import { FrameType, isAck } from './frame-type.js';
import type { GoawayFrame } from './frames/goaway-frame.js';
import { type AssembledFrame, HeaderBlockAssembler } from './header-block-assembler.js';
import type { StreamLanes } from './stream-lanes.js';

/** What of the frames is neither a stream's nor answered at once. */
export interface DispatchHooks {
  goawayReceived(frame: GoawayFrame): void;
  /** The peer's settings have changed. */
  settingsReceived(): void;
}

/** Brings each frame that was read to where it belongs; an error of one stream ends that stream only. */
export class FrameDispatch {
  readonly #assembler: HeaderBlockAssembler;
  readonly #tap: FrameTap;
  readonly #lanes: StreamLanes;
  readonly #control: ControlFrames;
  readonly #hooks: DispatchHooks;

  constructor(lanes: StreamLanes, control: ControlFrames, tap: FrameTap, hooks: DispatchHooks) {
    this.#assembler = new HeaderBlockAssembler(lanes.limits);
    this.#tap = tap;
    this.#lanes = lanes;
    this.#control = control;
    this.#hooks = hooks;
  }

  /** A header block has begun and not ended. */
  get partial(): boolean {
    return this.#assembler.open;
  }

  /** @param within bytes of the chunk it was read from. @throws ProtocolError connection */
  frame(read: Frame, within: number): void {
    this.#tap.in(read);
    const frame = this.#assembler.push(read);
    if (frame === undefined) return;
    try {
      this.#dispatch(frame, within);
    } catch (error) {
      this.#lanes.broken(frame.streamId, error);
      this.#control.replied();
    }
  }

  /** The input has ended. @throws ProtocolError connection `TRUNCATED_FRAME` */
  finish(): void {
    this.#assembler.finish();
  }

  clear(): void {
    this.#assembler.clear();
  }

  #dispatch(frame: AssembledFrame, within: number): void {
    switch (frame.type) {
      case FrameType.SETTINGS:
        if (!isAck(frame) && this.#lanes.settings.heard) this.#lanes.receiver.odd(); // who changes its mind all the time
        if (this.#control.onSettings(frame)) this.#hooks.settingsReceived();
        return;
      case FrameType.PING:
        return this.#control.onPing(frame);
      case FrameType.GOAWAY:
        return this.#hooks.goawayReceived(frame);
      case FrameType.PUSH_PROMISE:
        return this.#lanes.promised(frame);
      case FrameType.PRIORITY_UPDATE:
        return this.#lanes.prioritized(frame);
      default:
        return this.#lanes.receiver.frame(frame, within);
    }
  }
}
