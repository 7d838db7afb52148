import { CONTENT_CODINGS, type ContentCoding, negotiateCoding } from '../../operators/body/content-coding.js';
import { encodeContent } from '../../operators/body/encode-content.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import { parseEntityTags } from '../../operators/exchange/entity-tag.js';
import { splitList } from '../../operators/http/field-syntax.js';
import { Fields } from '../../operators/http/fields.js';
import { isBodiless } from '../../operators/http/status.js';
import type { ServerRequest } from '../server/server-request.js';
import type { ServerResponse } from '../server/server-response.js';
import { boundPushes } from './bound-pushes.js';
import type { HandlerOperator } from './handler-operator.js';
import { isCompressible } from './media-type.js';
import { mapResponse } from './map-response.js';
import { openBody } from './open-body.js';

export interface CompressConfig {
  /** What to offer, best first; default br, zstd where Node has it, gzip, deflate. */
  readonly codings?: readonly ContentCoding[];
  /** Bytes below which a body of known length is sent as it is. Default 1024. */
  readonly threshold?: number;
  /** How hard to try, on the coding's own scale; default the coding's, for br 4. */
  readonly level?: Partial<Readonly<Record<ContentCoding, number>>>;
  /** Which media types are worth it, without parameters and in lower case; default text, JSON, XML, JavaScript, SVG, WebAssembly and their like. */
  readonly types?: (mediaType: string) => boolean;
  /** Bytes a body that pushes may be ahead of the coder; one more fails it with `BODY_OVERFLOW`. Default 1 MiB. */
  readonly maxQueued?: number;
  /** Sends what there is after each chunk; default for `text/event-stream` and NDJSON, which are read while they grow. */
  readonly flush?: (response: ServerResponse) => boolean;
}

const DEFAULT_CODINGS: readonly ContentCoding[] = (['br', 'zstd', 'gzip', 'deflate'] as const).filter((coding) =>
  CONTENT_CODINGS.includes(coding),
);
const LIVE = new Set(['text/event-stream', 'application/x-ndjson', 'application/ndjson', 'application/jsonl']);
/** What was said of the bytes as they were before. */
const OF_THE_BYTES = ['content-length', 'accept-ranges', 'content-md5', 'content-digest'];

/**
 * Codes the bodies of a handler's responses as the client's Accept-Encoding asks (RFC 9110 §12.5.3), as a stream with backpressure. The
 * response says so in Content-Encoding and Vary, loses its Content-Length, and a strong ETag becomes weak.
 *
 * HEAD is answered with the same fields. Left alone are: 204, 205 and 206; what is coded, a part, or says `no-transform`; media types that do not shrink; and bodies
 * known to be short. A secret beside text that an attacker chooses can be guessed from the length of what was compressed (BREACH): do not
 * put `compress` over such a response.
 *
 * @throws UsageError `INVALID_OPTION`
 * @example
 * ```ts
 * import { compress, serve } from 'rxweir';
 * serve({ port: 8080 }, compress()(() => ({ body: 'water '.repeat(1000) }))).subscribe();
 * ```
 */
export function compress(config: CompressConfig = {}): HandlerOperator {
  const {
    codings = DEFAULT_CODINGS,
    threshold = 1024,
    level = {},
    types = isCompressible,
    maxQueued = 1_048_576,
  } = config;
  const { flush = ({ fields }) => LIVE.has(mediaType(Fields.from(fields).get('content-type'))) } = config;
  if (!(threshold >= 0)) throw new UsageError('INVALID_OPTION', 'threshold: a number of bytes');
  const unknown = codings.find((coding) => !CONTENT_CODINGS.includes(coding));
  if (unknown !== undefined) throw new UsageError('INVALID_OPTION', `codings: this Node has no ${unknown}`);

  const coded = (request: ServerRequest, response: ServerResponse): ServerResponse => {
    const { status = 200, body, upgraded } = response;
    if (status === 304) return notModified(request, response);
    if (body === undefined || upgraded !== undefined || isBodiless(status) || status === 205 || status === 206) {
      return response;
    }
    if (!mayChange(Fields.from(response.fields))) return response;
    const { fields, stream, length } = openBody(response, body);
    if (!types(mediaType(fields.get('content-type')))) return response;
    vary(fields);
    const declared = fields.get('content-length');
    const short = (length ?? (declared === undefined ? Infinity : Number(declared))) < threshold;
    const coding = short ? undefined : negotiateCoding(request.fields, codings);
    if (coding === undefined) return { ...response, fields };
    for (const name of OF_THE_BYTES) fields.delete(name);
    fields.append('content-encoding', coding);
    const tag = fields.get('etag');
    if (tag?.startsWith('"')) fields.set('etag', `W/${tag}`);
    const options = { flush: flush(response), ...(level[coding] !== undefined && { level: level[coding] }) };
    return { ...response, fields, body: stream.pipe(boundPushes(maxQueued), encodeContent(coding, options)) };
  };
  return (handler) => (request) => mapResponse(handler(request), (response) => coded(request, response));
}

/**
 * A 304 for what may have been coded says what the 200 did (RFC 9110 §15.4.5): Vary, and the tag as the client has it, since whoever stored
 * it under a weak one knows it by no other.
 */
function notModified(request: ServerRequest, response: ServerResponse): ServerResponse {
  const fields = new Fields(response.fields);
  if (!mayChange(fields)) return response;
  vary(fields);
  const tag = fields.get('etag');
  const known = parseEntityTags(request.fields.getCombined('if-none-match') ?? '') ?? '*';
  const ofThis = known === '*' ? [] : known.filter(({ opaque }) => opaque === tag);
  if (ofThis.length > 0 && ofThis.every(({ weak }) => weak)) fields.set('etag', `W/${tag}`);
  return { ...response, fields };
}

function mayChange(fields: Fields): boolean {
  if (fields.has('content-range')) return false;
  if (fields.getAll('content-encoding').some((coding) => coding.toLowerCase() !== 'identity')) return false;
  const directives = splitList(fields.getCombined('cache-control') ?? '');
  return !directives.some((directive) => directive.toLowerCase() === 'no-transform');
}

/** Caches are to know that it depends on what the client takes. */
function vary(fields: Fields): void {
  const named = splitList(fields.getCombined('vary') ?? '').map((name) => name.toLowerCase());
  if (!named.includes('*') && !named.includes('accept-encoding')) fields.append('vary', 'accept-encoding');
}

function mediaType(contentType = ''): string {
  const semicolon = contentType.indexOf(';');
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}
