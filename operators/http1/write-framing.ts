/** Chooses how an outgoing body is delimited and which field lines say so (RFC 9112 §6, §9.3). */
import { UsageError } from '../core/protocol-error.js';
import type { Fields } from '../http/fields.js';
import { isBodiless, isInformational } from '../http/status.js';
import {
  codingUnderChunked,
  FRAMING_CHUNKED,
  FRAMING_CLOSE,
  FRAMING_LENGTH,
  FRAMING_NONE,
  FRAMING_TUNNEL,
  OPTION_CLOSE,
  OPTION_KEEP_ALIVE,
  parseConnection,
  parseContentLength,
} from './framing.js';
import type { Http1Version } from './write-head.js';

/** What was chosen. */
export interface BodyFraming {
  /** One of the `FRAMING_` constants; with `FRAMING_NONE` no body byte may be written. */
  readonly framing: number;
  /** -1 unless `framing` is `FRAMING_LENGTH`. */
  readonly contentLength: number;
  /** Field lines to write besides the user's own, each with its CRLF. */
  readonly extraLines: string;
  /** The connection ends after this message. */
  readonly close: boolean;
}

/** Length of a body: bytes, `undefined` when unknown beforehand, `null` without a body. */
export type BodyLength = number | undefined | null;

const CHUNKED_LINE = 'transfer-encoding: chunked\r\n';
const CLOSE_LINE = 'connection: close\r\n';
const KEEP_ALIVE_LINE = 'connection: keep-alive\r\n';

/** Methods that mean something by a body, so that its absence is said (RFC 9110 §8.6). */
const EXPECTS_BODY = new Set(['POST', 'PUT', 'PATCH', 'QUERY']);

/**
 * The framing of a request.
 *
 * @throws UsageError `CONFLICTING_LENGTH`, `INVALID_CONTENT_LENGTH`, `INVALID_TRANSFER_ENCODING`, `BODY_NOT_ALLOWED` for
 *   CONNECT, `LENGTH_REQUIRED` for a body of unknown length in HTTP/1.0.
 */
export function requestFraming(
  method: string,
  version: Http1Version,
  fields: Fields,
  bodyLength: BodyLength,
): BodyFraming {
  const own = ownFraming(fields, version);
  const options = connectionOptions(fields);
  const close = closes(version, options);
  if (method === 'CONNECT') {
    if (own.framing !== FRAMING_NONE || (bodyLength !== null && bodyLength !== 0)) {
      throw new UsageError('BODY_NOT_ALLOWED', 'CONNECT has no body');
    }
    return chosen(FRAMING_NONE, -1, '', close);
  }
  if (own.framing !== FRAMING_NONE) return ownChoice(own, bodyLength, '', close);
  if (bodyLength === null) {
    return chosen(FRAMING_NONE, -1, EXPECTS_BODY.has(method) ? 'content-length: 0\r\n' : '', close);
  }
  if (bodyLength !== undefined) return chosen(FRAMING_LENGTH, bodyLength, lengthLine(bodyLength), close);
  if (version === '1.0') {
    throw new UsageError('LENGTH_REQUIRED', 'an HTTP/1.0 request needs to know the length of its body');
  }
  return chosen(FRAMING_CHUNKED, -1, CHUNKED_LINE, close);
}

/**
 * The framing of a response to a request.
 *
 * A body of unknown length is chunked for HTTP/1.1, even where the connection closes after it, since only then the client
 * can tell a whole body from a cut one. What a HEAD, 204 or 304 response may not carry is left out.
 *
 * @param mustClose the connection ends after this response, whatever else says; also for a HTTP/1.0 request without
 *   keep-alive. Otherwise a HTTP/1.0 client is told `keep-alive`.
 * @throws UsageError `CONFLICTING_LENGTH`, `INVALID_CONTENT_LENGTH`, `INVALID_TRANSFER_ENCODING`, `BODY_NOT_ALLOWED` for a
 *   length on 1xx, 204, or 2xx to CONNECT, `INFORMATIONAL_NOT_ALLOWED` for 1xx to HTTP/1.0.
 */
export function responseFraming(
  requestMethod: string,
  requestVersion: Http1Version,
  status: number,
  fields: Fields,
  bodyLength: BodyLength,
  mustClose: boolean,
): BodyFraming {
  const own = ownFraming(fields, requestVersion);
  if (isInformational(status) || (requestMethod === 'CONNECT' && status < 300)) {
    if (isInformational(status) && requestVersion === '1.0') {
      throw new UsageError('INFORMATIONAL_NOT_ALLOWED', 'HTTP/1.0 has no 1xx responses');
    }
    refuseOwn(own, status);
    const framing = status === 101 || status >= 200 ? FRAMING_TUNNEL : FRAMING_NONE;
    return chosen(framing, -1, '', false);
  }
  const options = connectionOptions(fields);
  const close = mustClose || (options & OPTION_CLOSE) !== 0;
  const line = connectionLine(requestVersion, options, close);
  if (status === 204) refuseOwn(own, status);
  if (status === 205) return emptied(own, line, close);
  if (isBodiless(status) || requestMethod === 'HEAD') {
    const tells = requestMethod === 'HEAD' && own.framing === FRAMING_NONE && !isBodiless(status);
    return chosen(
      FRAMING_NONE,
      -1,
      tells && typeof bodyLength === 'number' ? lengthLine(bodyLength) + line : line,
      close,
    );
  }
  if (own.framing !== FRAMING_NONE) return ownChoice(own, bodyLength, line, close);
  if (bodyLength !== undefined) {
    const length = bodyLength ?? 0;
    return chosen(FRAMING_LENGTH, length, lengthLine(length) + line, close);
  }
  if (requestVersion === '1.0') return chosen(FRAMING_CLOSE, -1, connectionLine('1.0', options, true), true);
  return chosen(FRAMING_CHUNKED, -1, CHUNKED_LINE + line, close);
}

interface OwnFraming {
  /** `FRAMING_NONE`, `FRAMING_LENGTH` or `FRAMING_CHUNKED`. */
  readonly framing: number;
  readonly contentLength: number;
}

const NO_FRAMING: OwnFraming = { framing: FRAMING_NONE, contentLength: -1 };
const OWN_CHUNKED: OwnFraming = { framing: FRAMING_CHUNKED, contentLength: -1 };

/** The framing the user's fields ask for. */
function ownFraming(fields: Fields, version: Http1Version): OwnFraming {
  const length = fields.get('content-length');
  const coding = fields.get('transfer-encoding');
  if (length === undefined && coding === undefined) return NO_FRAMING;
  if (length !== undefined && coding !== undefined) {
    throw new UsageError('CONFLICTING_LENGTH', 'both Content-Length and Transfer-Encoding');
  }
  if (coding !== undefined) {
    if (fields.getAll('transfer-encoding').length > 1 || codingUnderChunked(coding) === undefined) {
      throw new UsageError('INVALID_TRANSFER_ENCODING', 'Transfer-Encoding is chunked, or gzip or deflate, chunked');
    }
    if (version === '1.0') throw new UsageError('INVALID_TRANSFER_ENCODING', 'HTTP/1.0 has no Transfer-Encoding');
    return OWN_CHUNKED;
  }
  if (fields.getAll('content-length').length > 1) {
    throw new UsageError('CONFLICTING_LENGTH', 'more than one Content-Length');
  }
  const contentLength = parseContentLength(length as string);
  if (contentLength < 0) throw new UsageError('INVALID_CONTENT_LENGTH', 'Content-Length is a number of bytes');
  return { framing: FRAMING_LENGTH, contentLength };
}

/** What the user asked for, if the body can be that long. */
function ownChoice(own: OwnFraming, bodyLength: BodyLength, extraLines: string, close: boolean): BodyFraming {
  const length = bodyLength === null ? 0 : bodyLength;
  if (own.framing === FRAMING_LENGTH && length !== undefined && length !== own.contentLength) {
    throw new UsageError('CONFLICTING_LENGTH', `Content-Length is ${own.contentLength}, the body has ${length} bytes`);
  }
  return chosen(own.framing, own.contentLength, extraLines, close);
}

/** 205 has no body, and says so (RFC 9110 §15.3.6). */
function emptied(own: OwnFraming, extraLines: string, close: boolean): BodyFraming {
  if (own.framing === FRAMING_CHUNKED || own.contentLength > 0) refuseOwn(own, 205);
  const said = own.framing === FRAMING_LENGTH ? extraLines : lengthLine(0) + extraLines;
  return chosen(FRAMING_NONE, -1, said, close);
}

function refuseOwn(own: OwnFraming, status: number): void {
  if (own.framing === FRAMING_NONE) return;
  throw new UsageError('BODY_NOT_ALLOWED', `a ${status} response has no body, hence no length`);
}

function connectionOptions(fields: Fields): number {
  const connection = fields.getCombined('connection');
  return connection === undefined ? 0 : parseConnection(connection);
}

function closes(version: Http1Version, options: number): boolean {
  if ((options & OPTION_CLOSE) !== 0) return true;
  return version === '1.0' && (options & OPTION_KEEP_ALIVE) === 0;
}

/** The Connection line that is missing. */
function connectionLine(version: Http1Version, options: number, close: boolean): string {
  if (close) return (options & OPTION_CLOSE) === 0 ? CLOSE_LINE : '';
  return version === '1.0' && (options & OPTION_KEEP_ALIVE) === 0 ? KEEP_ALIVE_LINE : '';
}

function lengthLine(length: number): string {
  return `content-length: ${length}\r\n`;
}

function chosen(framing: number, contentLength: number, extraLines: string, close: boolean): BodyFraming {
  return { framing, contentLength, extraLines, close };
}
