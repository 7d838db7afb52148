import type { WebSocketRole } from './close-code.js';

export interface WebSocketDecoderOptions {
  /** Which side reads: a server reads masked frames, a client frames that are not. */
  readonly role: WebSocketRole;
  /** The longest message, over all its frames. Default 1 MiB for a server, 16 MiB for a client. Bytes. */
  readonly maxMessageSize?: number | undefined;
  /** Frames in one message; default 1024. */
  readonly maxFragments?: number | undefined;
  /** RSV1 may be set on the first frame of a message: permessage-deflate was agreed on (RFC 7692 §6). */
  readonly compressed?: boolean | undefined;
  /**
   * Payloads are unmasked where they are, in the chunks that were pushed; by default into a copy. The pieces of a frame that
   * came in several are left masked, with their `mask`, for `unmask`, or to be unmasked as they are put together.
   */
  readonly inPlace?: boolean | undefined;
}

/** Defaults of `maxMessageSize`. */
export const MAX_MESSAGE_SIZE = { server: 1_048_576, client: 16_777_216 } as const;
/** Default of `maxFragments`. */
export const MAX_FRAGMENTS = 1024;
