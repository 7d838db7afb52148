/** Frame types and flags: RFC 9113 §6, RFC 9218 §7.1, and two that are known by name only. */

export const FrameType = Object.freeze({
  DATA: 0x0,
  HEADERS: 0x1,
  PRIORITY: 0x2,
  RST_STREAM: 0x3,
  SETTINGS: 0x4,
  PUSH_PROMISE: 0x5,
  PING: 0x6,
  GOAWAY: 0x7,
  WINDOW_UPDATE: 0x8,
  CONTINUATION: 0x9,
  /** RFC 7838; read as unknown. */
  ALTSVC: 0xa,
  /** RFC 8336; read as unknown. */
  ORIGIN: 0xc,
  PRIORITY_UPDATE: 0x10,
} as const);

export type FrameTypeName = keyof typeof FrameType;

const NAMES = new Map<number, FrameTypeName>(
  (Object.keys(FrameType) as FrameTypeName[]).map((name) => [FrameType[name], name]),
);

/** The name of a type, or undefined for one that is not known: such frames are ignored (RFC 9113 §5.5). */
export function frameTypeName(type: number): FrameTypeName | undefined {
  return NAMES.get(type);
}

/** Bits of the flags field. One bit has two names: what it means depends on the type. */
export const FrameFlag = Object.freeze({
  NONE: 0x0,
  /** DATA, HEADERS. */
  END_STREAM: 0x1,
  /** SETTINGS, PING. */
  ACK: 0x1,
  /** HEADERS, PUSH_PROMISE, CONTINUATION. */
  END_HEADERS: 0x4,
  /** DATA, HEADERS, PUSH_PROMISE. */
  PADDED: 0x8,
  /** HEADERS. */
  PRIORITY: 0x20,
} as const);

/** Whether the frame ends its sender's half of the stream. */
export function endsStream(frame: { readonly type: number; readonly flags: number }): boolean {
  return frame.type <= FrameType.HEADERS && (frame.flags & FrameFlag.END_STREAM) !== 0;
}

/** Whether the frame ends a header block. */
export function endsHeaders(frame: { readonly flags: number }): boolean {
  return (frame.flags & FrameFlag.END_HEADERS) !== 0;
}

/** Whether the SETTINGS or PING frame acknowledges one of ours. */
export function isAck(frame: { readonly flags: number }): boolean {
  return (frame.flags & FrameFlag.ACK) !== 0;
}
