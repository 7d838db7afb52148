/**
 * The errors of HTTP/2: `code` is the name RFC 9113 §7 gives, `wireCode` its number, `scope` says whether RST_STREAM or
 * GOAWAY answers it.
 */
import { isProtocolError, ProtocolError } from '../core/protocol-error.js';
import { Http2ErrorCode, type Http2ErrorName } from './error-code.js';

/** The peer broke a rule that ends the connection (RFC 9113 §5.4.1). */
export function connectionError(code: Http2ErrorName, message: string): ProtocolError {
  return new ProtocolError(code, message, { scope: 'connection', wireCode: Http2ErrorCode[code] });
}

/** The peer broke a rule that ends one stream (RFC 9113 §5.4.2). */
export function streamError(code: Http2ErrorName, message: string): ProtocolError {
  return new ProtocolError(code, message, { scope: 'stream', wireCode: Http2ErrorCode[code] });
}

/** The peer made us count, keep or do too much; `limit` names the option whose bound it passed. */
export function calmError(limit: string, message: string): ProtocolError {
  const wireCode = Http2ErrorCode.ENHANCE_YOUR_CALM;
  return new ProtocolError('ENHANCE_YOUR_CALM', message, { scope: 'connection', wireCode, limit });
}

/** The input ended inside `what`. */
export function truncated(what: string): ProtocolError {
  const wireCode = Http2ErrorCode.PROTOCOL_ERROR;
  return new ProtocolError('TRUNCATED_FRAME', `the input ends inside ${what}`, { scope: 'connection', wireCode });
}

/** Whether the server has let go of a request before it did anything with it: it may be sent again (RFC 9113 §8.7). */
export function isUnprocessed(error: unknown): boolean {
  return isProtocolError(error) && (error.code === 'STREAM_UNPROCESSED' || error.code === 'REFUSED_STREAM');
}
