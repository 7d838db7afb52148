/**
 * How a message body is delimited (RFC 9112 §6). The rules against smuggling live here: a message whose framing can be
 * read in two ways is refused, whatever one of the ways might be.
 */
import { trimOws } from '../http/field-syntax.js';
import { CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING } from './field-name.js';
import type { Http1Role } from './limits.js';
import type { FieldSectionReader } from './read-fields.js';
import { refusal } from './refuse.js';

/** No body. */
export const FRAMING_NONE = 0;
/** As many bytes as Content-Length says. */
export const FRAMING_LENGTH = 1;
/** Transfer-Encoding: chunked. */
export const FRAMING_CHUNKED = 2;
/** All bytes until the end of the connection. */
export const FRAMING_CLOSE = 3;
/** What follows is not HTTP: CONNECT, or a switch of protocols. */
export const FRAMING_TUNNEL = 4;

export const OPTION_CLOSE = 1;
export const OPTION_KEEP_ALIVE = 2;
export const OPTION_UPGRADE = 4;

/** The framing fields of a head, as numbers. */
export interface FramingFields {
  /** -1 without Content-Length. */
  readonly contentLength: number;
  readonly chunked: boolean;
  /** `gzip`, `deflate` or nothing: the coding under `chunked`. */
  readonly coding: string;
}

const UNFRAMED: FramingFields = { contentLength: -1, chunked: false, coding: '' };
const CHUNKED: FramingFields = { contentLength: -1, chunked: true, coding: '' };

/** The value of the first field with a noticed name. */
export function noticedValue(section: FieldSectionReader, list: readonly string[], notice: number): string {
  return list[(section.first[notice] as number) * 2 + 1] as string;
}

/**
 * Reads Content-Length and Transfer-Encoding, `text` being the head they stand in.
 *
 * HTAB may surround any value (RFC 9110 §5.6.3), but there are parsers for which `chunked` and a tab is not chunked; with
 * those on the way, the two ends would read different messages. Nobody needs it, so it is refused.
 *
 * @throws ProtocolError `CONFLICTING_LENGTH`, `BAD_CONTENT_LENGTH`, `BAD_TRANSFER_ENCODING`,
 *   `LENGTH_AND_TRANSFER_ENCODING`.
 */
export function framingFields(
  role: Http1Role,
  section: FieldSectionReader,
  list: readonly string[],
  text: string,
  minor: number,
): FramingFields {
  const { seen } = section;
  const hasLength = (seen & (1 << CONTENT_LENGTH)) !== 0;
  const hasCoding = (seen & (1 << TRANSFER_ENCODING)) !== 0;
  if (!hasLength && !hasCoding) return UNFRAMED;
  if (hasLength && hasCoding) {
    throw refusal(role, 'LENGTH_AND_TRANSFER_ENCODING', 'both Content-Length and Transfer-Encoding');
  }
  if (hasLength) {
    if ((section.repeated & (1 << CONTENT_LENGTH)) !== 0) {
      throw refusal(role, 'CONFLICTING_LENGTH', 'more than one Content-Length');
    }
    const contentLength = parseContentLength(noticedValue(section, list, CONTENT_LENGTH));
    if (contentLength < 0 || section.hasTab(text, CONTENT_LENGTH)) {
      throw refusal(role, 'BAD_CONTENT_LENGTH', 'Content-Length is not a number of bytes');
    }
    return { contentLength, chunked: false, coding: '' };
  }
  if (minor === 0) throw refusal(role, 'BAD_TRANSFER_ENCODING', 'Transfer-Encoding in HTTP/1.0');
  if ((section.repeated & (1 << TRANSFER_ENCODING)) !== 0) {
    throw refusal(role, 'BAD_TRANSFER_ENCODING', 'more than one Transfer-Encoding');
  }
  const value = noticedValue(section, list, TRANSFER_ENCODING);
  const coding = codingUnderChunked(value);
  if (coding === undefined || section.hasTab(text, TRANSFER_ENCODING)) {
    throw refusal(role, 'BAD_TRANSFER_ENCODING', 'Transfer-Encoding is neither chunked nor gzip or deflate, chunked');
  }
  return coding === '' ? CHUNKED : { contentLength: -1, chunked: true, coding };
}

/** `1*DIGIT` up to 2^53-1, else -1. */
export function parseContentLength(value: string): number {
  if (value === '') return -1;
  let length = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
    if (length > Number.MAX_SAFE_INTEGER) return -1;
  }
  return length;
}

/** The coding under a final, only `chunked`: nothing, `gzip` or `deflate`; undefined for any other value. */
export function codingUnderChunked(value: string): '' | 'gzip' | 'deflate' | undefined {
  if (value === 'chunked') return '';
  const lower = value.toLowerCase();
  if (lower === 'chunked') return '';
  const comma = lower.indexOf(',');
  if (comma < 0 || trimOws(lower.slice(comma + 1)) !== 'chunked') return undefined;
  const coding = trimOws(lower.slice(0, comma));
  if (coding === 'gzip' || coding === 'x-gzip') return 'gzip';
  return coding === 'deflate' ? 'deflate' : undefined;
}

/** The options of a head's Connection fields that concern the connection, as bits. */
export function connectionOptions(section: FieldSectionReader, list: readonly string[]): number {
  const bit = 1 << CONNECTION;
  if ((section.seen & bit) === 0) return 0;
  if ((section.repeated & bit) === 0) return parseConnection(noticedValue(section, list, CONNECTION));
  let options = 0;
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] === 'connection') options |= parseConnection(list[i + 1] as string);
  }
  return options;
}

/** The options of one Connection value. */
export function parseConnection(value: string): number {
  if (value === 'keep-alive') return OPTION_KEEP_ALIVE;
  if (value === 'close') return OPTION_CLOSE;
  let options = 0;
  for (const member of value.toLowerCase().split(',')) options |= connectionOption(trimOws(member));
  return options;
}

function connectionOption(member: string): number {
  if (member === 'close') return OPTION_CLOSE;
  if (member === 'keep-alive') return OPTION_KEEP_ALIVE;
  return member === 'upgrade' ? OPTION_UPGRADE : 0;
}

/** Whether a message of this version and Connection leaves the connection open. */
export function persists(minor: number, options: number): boolean {
  if ((options & OPTION_CLOSE) !== 0) return false;
  return minor === 1 || (options & OPTION_KEEP_ALIVE) !== 0;
}
