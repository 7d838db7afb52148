/** A frame that breaks a rule of its own, where only its stream is at stake: reading goes on behind it. */
import type { ProtocolError } from '../../core/protocol-error.js';

export interface MalformedFrame {
  readonly type: typeof MALFORMED;
  readonly flags: number;
  readonly streamId: number;
  readonly frameType: number;
  /** Of scope `stream`; of either where somebody only watches. */
  readonly error: ProtocolError;
}

/** The `type` of a {@link MalformedFrame}; no type on the wire. */
export const MALFORMED = 257;
