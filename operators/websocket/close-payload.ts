/** The payload of a Close frame (RFC 6455 §5.5.1): nothing, or a code of two bytes and a reason in UTF-8. */
import { isUtf8 } from 'node:buffer';
import { UsageError } from '../core/protocol-error.js';
import { CloseCode, isCloseCode } from './close-code.js';
import { MAX_CONTROL_PAYLOAD } from './frame-header.js';
import { frameError, utf8Error } from './websocket-error.js';

/** Why a side closes. `code` is 1005 where its Close frame had none. */
export interface CloseReason {
  readonly code: number;
  readonly reason: string;
}

const EMPTY = new Uint8Array(0);

/**
 * @param code undefined, or 1005: no code, and no reason either
 * @throws UsageError `INVALID_CLOSE_CODE`; `INVALID_CLOSE_REASON` for one that is no string, is over 123 bytes, or stands
 *   without a code
 */
export function writeClosePayload(code?: number, reason = ''): Uint8Array {
  if (typeof reason !== 'string') throw new UsageError('INVALID_CLOSE_REASON', 'the reason must be a string');
  if (code === undefined || code === CloseCode.NO_STATUS) {
    if (reason !== '') throw new UsageError('INVALID_CLOSE_REASON', 'a reason needs a code');
    return EMPTY;
  }
  if (!isCloseCode(code)) throw new UsageError('INVALID_CLOSE_CODE', `${code} cannot be sent as a close code`);
  const text = Buffer.from(reason, 'utf8');
  if (text.length > MAX_CONTROL_PAYLOAD - 2) {
    throw new UsageError('INVALID_CLOSE_REASON', `a reason of ${text.length} bytes, over ${MAX_CONTROL_PAYLOAD - 2}`);
  }
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >>> 8;
  payload[1] = code;
  payload.set(text, 2);
  return payload;
}

/** @throws ProtocolError `BAD_CLOSE_FRAME` for half a code or one that is never sent; `INVALID_UTF8` */
export function readClosePayload(payload: Uint8Array): CloseReason {
  if (payload.length === 0) return { code: CloseCode.NO_STATUS, reason: '' };
  if (payload.length === 1) throw frameError('BAD_CLOSE_FRAME', 'a Close frame with one byte');
  const code = ((payload[0] as number) << 8) | (payload[1] as number);
  if (!isCloseCode(code)) throw frameError('BAD_CLOSE_FRAME', `${code} is no close code to send`);
  const reason = payload.subarray(2);
  if (!isUtf8(reason)) throw utf8Error('the reason of a Close frame');
  return { code, reason: Buffer.from(reason.buffer, reason.byteOffset, reason.length).toString('utf8') };
}
