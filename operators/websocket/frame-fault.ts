import type { ProtocolError } from '../core/protocol-error.js';
import { FIN, MASKED, MAX_CONTROL_PAYLOAD, RSV1, RSV2_AND_RSV3 } from './frame-header.js';
import { isKnownOpcode, WebSocketOpcode } from './opcode.js';
import { frameError } from './websocket-error.js';

/**
 * What is wrong with a header as such (RFC 6455 §5.2, §5.5), whatever was before it: reserved bits and opcodes, the mask, its length, the
 * rules for control frames.
 *
 * @param first its first two bytes, and `second`
 * @param length as `readFrameLength` has it
 * @param masked whether frames from over there have to be masked
 * @param compressed whether RSV1 has a meaning
 */
export function frameFault(
  first: number,
  second: number,
  length: number,
  masked: boolean,
  compressed: boolean,
): ProtocolError | undefined {
  const opcode = first & 0xf;
  if ((first & RSV2_AND_RSV3) !== 0) return frameError('BAD_FRAME', 'a reserved bit is set');
  if (!isKnownOpcode(opcode)) return frameError('BAD_FRAME', `the opcode ${opcode} is reserved`);
  if ((second & MASKED) === 0 ? masked : !masked) {
    return frameError('BAD_MASK', masked ? 'a frame of a client is not masked' : 'a frame of a server is');
  }
  if (length < 0)
    return frameError('BAD_FRAME', length === -1 ? 'a length that is not in its shortest form' : 'over 2^53');
  const begins = opcode === WebSocketOpcode.TEXT || opcode === WebSocketOpcode.BINARY;
  if ((first & RSV1) !== 0 && !(compressed && begins)) {
    return frameError('BAD_FRAME', 'RSV1 is set where nothing gives it a meaning');
  }
  if (opcode < WebSocketOpcode.CLOSE) return undefined;
  if ((first & FIN) === 0) return frameError('BAD_FRAME', 'a control frame is fragmented');
  if (length > MAX_CONTROL_PAYLOAD) return frameError('BAD_FRAME', 'a control frame of over 125 bytes');
  return undefined;
}
