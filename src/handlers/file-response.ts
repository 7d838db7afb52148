import { parseByteRanges, type ByteRange } from '../../operators/exchange/byte-ranges.js';
import { checkPreconditions, ifRangeHolds } from '../../operators/exchange/preconditions.js';
import { randomBoundary } from '../connections/random-boundary.js';
import type { ServerRequest } from '../server/server-request.js';
import type { ServerResponse } from '../server/server-response.js';
import { fileFacts, lastModifiedField } from './file-facts.js';
import type { OpenedFile } from './open-file.js';
import { type BodyPart, readParts } from './read-parts.js';
import { statusResponse } from './status-response.js';

/** How one file is to be sent. */
export interface FileResponseConfig {
  readonly contentType: string;
  /** Further fields; those without a value are left out. */
  readonly fields: Readonly<Record<string, string | undefined>>;
  readonly maxRanges: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The response to a GET or HEAD for a file: all of it, the parts asked for, or what its conditions say (RFC 9110 §13, §14). */
export function fileResponse(request: ServerRequest, file: OpenedFile, config: FileResponseConfig): ServerResponse {
  const { contentType, maxRanges, now } = config;
  const facts = fileFacts(file.stats, now);
  const { size } = facts;
  const shared = { ...config.fields, etag: facts.etag, 'last-modified': lastModifiedField(facts, now) };
  const stopped = checkPreconditions(request, facts, now);
  if (stopped === 304) return { status: 304, fields: shared };
  if (stopped === 412) return statusResponse(412);

  const fields = { ...shared, 'content-type': contentType, 'accept-ranges': 'bytes' };
  const range = request.method === 'GET' ? request.fields.get('range') : undefined;
  const ranges =
    range !== undefined && ifRangeHolds(request.fields, facts, now)
      ? parseByteRanges(range, size, maxRanges)
      : undefined;
  if (ranges === undefined) return whole(file, fields);
  const [first, second] = ranges;
  if (first === undefined) return statusResponse(416, { 'content-range': `bytes */${size}` });
  if (second !== undefined) return multipart(file, fields, ranges, contentType);
  return withParts(file, 206, { ...fields, 'content-range': contentRange(first, size) }, [first]);
}

type FieldsOfFile = Readonly<Record<string, string | undefined>>;

function whole(file: OpenedFile, fields: FieldsOfFile): ServerResponse {
  const { content, stats } = file;
  if (content !== undefined) return { fields, body: content };
  return withParts(file, 200, fields, [{ first: 0, last: stats.size - 1 }]);
}

/** A part with head and body for each range (RFC 9110 §15.3.7.2). */
function multipart(
  file: OpenedFile,
  fields: FieldsOfFile,
  ranges: readonly ByteRange[],
  contentType: string,
): ServerResponse {
  const boundary = randomBoundary();
  const parts: BodyPart[] = [];
  for (const range of ranges) {
    const opening = parts.length === 0 ? '' : '\r\n';
    const head = `content-type: ${contentType}\r\ncontent-range: ${contentRange(range, file.stats.size)}\r\n\r\n`;
    parts.push(Buffer.from(`${opening}--${boundary}\r\n${head}`, 'latin1'), range);
  }
  parts.push(Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1'));
  return withParts(file, 206, { ...fields, 'content-type': `multipart/byteranges; boundary=${boundary}` }, parts);
}

function withParts(
  { path, stats, content }: OpenedFile,
  status: number,
  fields: FieldsOfFile,
  parts: readonly BodyPart[],
): ServerResponse {
  if (content !== undefined) {
    const pieces = parts.map((part) =>
      part instanceof Uint8Array ? part : content.subarray(part.first, part.last + 1),
    );
    return { status, fields, body: pieces.length === 1 ? pieces[0] : Buffer.concat(pieces) };
  }
  let length = 0;
  for (const part of parts) length += part instanceof Uint8Array ? part.length : part.last - part.first + 1;
  return { status, fields: { ...fields, 'content-length': String(length) }, body: readParts(path, parts, stats) };
}

function contentRange({ first, last }: ByteRange, size: number): string {
  return `bytes ${first}-${last}/${size}`;
}
