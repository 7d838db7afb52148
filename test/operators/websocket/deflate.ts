import { constants, deflateRawSync } from 'node:zlib';
import { webSocketFrame, type WebSocketFrame } from '../../../operators/websocket/frame.js';
import type { DeflateParameters } from '../../../operators/websocket/permessage-deflate.js';

/** The same in both directions. */
export function parameters(contextTakeover: boolean, windowBits = 15, threshold = 0): DeflateParameters {
  const direction = { contextTakeover, windowBits };
  return { inbound: direction, outbound: direction, threshold, level: undefined, memLevel: undefined };
}

/** A payload as permessage-deflate has it. */
export function deflated(data: string | Uint8Array): Uint8Array {
  return deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** A compressed message of one frame. */
export function packedFrame(opcode: number, data: string | Uint8Array): WebSocketFrame {
  return webSocketFrame(opcode, deflated(data), true, true);
}
