import { describe, expect, it } from 'vitest';
import { CloseCode, isCloseCode, maySendCloseCode } from '../../../operators/websocket/close-code.js';
import { readClosePayload, writeClosePayload } from '../../../operators/websocket/close-payload.js';
import { hex, thrown, toHex } from './frames.js';

const ON_THE_WIRE = new Set([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]);

describe('close codes', () => {
  it('every number from 0 to 65535', () => {
    for (let code = 0; code <= 0xffff; code++) {
      expect(isCloseCode(code)).toBe(ON_THE_WIRE.has(code) || (code >= 3000 && code <= 4999));
    }
    for (const code of [1000.5, NaN, Infinity, -1]) expect(isCloseCode(code)).toBe(false);
  });

  it('a server does not say that it misses an extension', () => {
    expect(maySendCloseCode(CloseCode.MANDATORY_EXTENSION, 'client')).toBe(true);
    expect(maySendCloseCode(CloseCode.MANDATORY_EXTENSION, 'server')).toBe(false);
    for (const role of ['client', 'server'] as const) {
      expect(maySendCloseCode(1000, role)).toBe(true);
      expect(maySendCloseCode(1006, role)).toBe(false);
    }
  });
});

describe('the payload of a Close frame', () => {
  it('code and reason, there and back', () => {
    expect(toHex(writeClosePayload(1000, 'bye'))).toBe('03e8627965');
    expect(readClosePayload(hex('03e8627965'))).toEqual({ code: 1000, reason: 'bye' });
    expect(readClosePayload(writeClosePayload(4999, 'é'))).toEqual({ code: 4999, reason: 'é' });
    expect(readClosePayload(writeClosePayload(1001))).toEqual({ code: 1001, reason: '' });
  });

  it('neither is 1005', () => {
    expect(writeClosePayload()).toHaveLength(0);
    expect(writeClosePayload(1005)).toHaveLength(0);
    expect(readClosePayload(new Uint8Array(0))).toEqual({ code: 1005, reason: '' });
  });

  it('refuses what is not to be sent', () => {
    expect(thrown(() => writeClosePayload(1006))).toBe('usage INVALID_CLOSE_CODE');
    expect(thrown(() => writeClosePayload(5000))).toBe('usage INVALID_CLOSE_CODE');
    expect(thrown(() => writeClosePayload(undefined, 'why'))).toBe('usage INVALID_CLOSE_REASON');
    expect(writeClosePayload(1000, 'x'.repeat(123))).toHaveLength(125);
    expect(thrown(() => writeClosePayload(1000, 'x'.repeat(124)))).toBe('usage INVALID_CLOSE_REASON');
    expect(thrown(() => writeClosePayload(1000, 'é'.repeat(62)))).toBe('usage INVALID_CLOSE_REASON');
    expect(thrown(() => writeClosePayload(1000, new Float32Array(1) as never))).toBe('usage INVALID_CLOSE_REASON');
  });

  it('refuses what is not to be received', () => {
    expect(thrown(() => readClosePayload(hex('03')))).toBe('BAD_CLOSE_FRAME 1002');
    for (const code of ['0000', '03e7', '03ec', '03ed', '03ee', '03f7', '03f8', '07d0', '0bb7', '1388', 'ffff']) {
      expect(thrown(() => readClosePayload(hex(code)))).toBe('BAD_CLOSE_FRAME 1002');
    }
    expect(thrown(() => readClosePayload(hex('03e8ff')))).toBe('INVALID_UTF8 1007');
    expect(thrown(() => readClosePayload(hex('03e8c3')))).toBe('INVALID_UTF8 1007');
  });
});
