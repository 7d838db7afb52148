/** The opcodes of RFC 6455 §5.2. */

export const WebSocketOpcode = Object.freeze({
  CONTINUATION: 0x0,
  TEXT: 0x1,
  BINARY: 0x2,
  CLOSE: 0x8,
  PING: 0x9,
  PONG: 0xa,
} as const);

export type WebSocketOpcodeName = keyof typeof WebSocketOpcode;

const NAMES = new Map<number, WebSocketOpcodeName>(
  (Object.keys(WebSocketOpcode) as WebSocketOpcodeName[]).map((name) => [WebSocketOpcode[name], name]),
);

/** The name of an opcode, or undefined for one that is reserved: such a frame ends the connection. */
export function webSocketOpcodeName(opcode: number): WebSocketOpcodeName | undefined {
  return NAMES.get(opcode);
}

/** Whether a frame with that opcode is a control frame: close, ping, pong and the reserved ones above (§5.5). */
export function isControlOpcode(opcode: number): boolean {
  return (opcode & 0x8) !== 0;
}

/** Whether the four bits are an opcode that is defined. */
export function isKnownOpcode(opcode: number): boolean {
  return (opcode & 0x7) <= 0x2;
}
