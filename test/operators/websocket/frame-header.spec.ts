import { describe, expect, it } from 'vitest';
import { webSocketCloseFrame, webSocketFrame } from '../../../operators/websocket/frame.js';
import {
  frameHeaderLength,
  readFrameLength,
  readMask,
  receivedHeaderLength,
  writeFrameHeader,
} from '../../../operators/websocket/frame-header.js';
import { isControlOpcode, isKnownOpcode, webSocketOpcodeName } from '../../../operators/websocket/opcode.js';
import { hex, thrown, toHex } from './frames.js';

const LENGTHS = [
  [0, '00'],
  [125, '7d'],
  [126, '7e007e'],
  [65_535, '7effff'],
  [65_536, '7f0000000000010000'],
  [2 ** 32 - 1, '7f00000000ffffffff'],
  [2 ** 32, '7f0000000100000000'],
  [2 ** 53 - 1, '7f001fffffffffffff'],
] as const;

describe('frame header', () => {
  it.each(LENGTHS)('a length of %i is written as %s, and read back', (length, wire) => {
    const bytes = new Uint8Array(20).fill(0xee);
    const end = writeFrameHeader(bytes, 2, 0x82, length, false, 0);
    expect(toHex(bytes.subarray(2, end))).toBe(`82${wire}`);
    expect(bytes[end]).toBe(0xee);
    expect(end - 2).toBe(frameHeaderLength(length, false));
    expect(receivedHeaderLength(bytes[3] as number)).toBe(end - 2);
    expect(readFrameLength(bytes, 2)).toBe(length);
  });

  it.each(LENGTHS)('a length of %i with a mask', (length) => {
    const bytes = new Uint8Array(20);
    const end = writeFrameHeader(bytes, 0, 0x81, length, true, 0x89abcdef | 0);
    expect(end).toBe(frameHeaderLength(length, true));
    expect(toHex(bytes.subarray(end - 4, end))).toBe('efcdab89');
    expect(readMask(bytes, end - 4) >>> 0).toBe(0x89abcdef);
    expect(receivedHeaderLength(bytes[1] as number)).toBe(end);
    expect(readFrameLength(bytes, 0)).toBe(length);
  });

  it.each([
    ['827e0000', -1],
    ['827e007d', -1],
    ['827f0000000000000000', -1],
    ['827f000000000000007e', -1],
    ['827f000000000000ffff', -1],
    ['827f0020000000000000', -2],
    ['827f8000000000000000', -2],
    ['827fffffffffffffffff', -2],
  ])('%s is refused', (wire, answer) => {
    expect(readFrameLength(hex(wire), 0)).toBe(answer);
  });
});

describe('opcodes and frames', () => {
  it('names of all sixteen', () => {
    const names = Array.from({ length: 16 }, (_, opcode) => webSocketOpcodeName(opcode) ?? '-');
    expect(names.join(' ')).toBe('CONTINUATION TEXT BINARY - - - - - CLOSE PING PONG - - - - -');
    names.forEach((name, opcode) => {
      expect(isKnownOpcode(opcode)).toBe(name !== '-');
      expect(isControlOpcode(opcode)).toBe(opcode >= 8);
    });
  });

  it('frames that may not be are not made', () => {
    for (const opcode of [3, 7, 11, 15, 16, -1, 1.5]) {
      expect(thrown(() => webSocketFrame(opcode))).toBe('usage INVALID_FRAME');
    }
    expect(webSocketFrame(9, 'x'.repeat(125)).payload).toHaveLength(125);
    expect(thrown(() => webSocketFrame(9, 'x'.repeat(126)))).toBe('usage INVALID_FRAME');
    expect(thrown(() => webSocketFrame(8, '', false))).toBe('usage INVALID_FRAME');
    expect(thrown(() => webSocketFrame(10, '', true, true))).toBe('usage INVALID_FRAME');
    expect(thrown(() => webSocketFrame(0, '', true, true))).toBe('usage INVALID_FRAME');
    expect(toHex(webSocketCloseFrame(1000, 'x').payload)).toBe('03e878');
  });
});
