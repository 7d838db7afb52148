/** Sec-WebSocket-Key and its answer (RFC 6455 §4.1, §4.2.2). */
import { UsageError } from '../core/protocol-error.js';
import { sha1 } from './sha1.js';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Bytes of a key. */
const KEY_LENGTH = 16;

/** A key of 16 random bytes. @throws UsageError `INVALID_WEBSOCKET_KEY` for another number of them */
export function webSocketKey(random: Uint8Array): string {
  if (random.length !== KEY_LENGTH) throw new UsageError('INVALID_WEBSOCKET_KEY', 'a key is made of 16 bytes');
  return Buffer.from(random).toString('base64');
}

/** Whether the text is 16 bytes in base64. The bits of the last digit that carry nothing may be set. */
export function isWebSocketKey(text: string): boolean {
  if (text.length !== 24 || !text.endsWith('==')) return false;
  for (let i = 0; i < 22; i++) if (!isBase64(text.charCodeAt(i))) return false;
  return true;
}

/**
 * The value of Sec-WebSocket-Accept for a key.
 *
 * @example
 * ```ts
 * import { webSocketAccept } from 'rxweir/operators';
 * webSocketAccept('dGhlIHNhbXBsZSBub25jZQ=='); // 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
 * ```
 */
export function webSocketAccept(key: string): string {
  return sha1(key + GUID).toString('base64');
}

function isBase64(code: number): boolean {
  const letter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
  return letter || (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2f;
}
