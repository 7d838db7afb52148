import type { BodyPlan } from '../../operators/body/body-source.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import { Fields } from '../../operators/http/fields.js';
import { isRequestTarget, splitList } from '../../operators/http/field-syntax.js';
import { encodeRequestHead, requestFraming } from '../../operators/http1/message-encoder.js';
import type { RequestConfig } from './request-config.js';
import { ACCEPT_ENCODING, asksForCoding, type HeadAdditions, NO_ADDITIONS, requestFields } from './request-fields.js';
import type { Target } from './target.js';

/** What of a client's configuration every request head takes in. */
export interface HeadDefaults {
  readonly fields: Fields | undefined;
  readonly userAgent: string;
  /** Content codings are asked for and undone, unless the request says otherwise. */
  readonly decompress: boolean;
  /** Heads of plain GETs, by target. */
  readonly plain: WeakMap<Target, RequestHeadText>;
}

/** A request head, ready to be written. */
export interface RequestHeadText {
  /** Latin-1, with its empty line; as bytes where the same head is sent again and again. */
  readonly text: string | Uint8Array;
  readonly method: string;
  readonly framing: number;
  readonly contentLength: number;
  readonly expectContinue: boolean;
  readonly upgrade: string;
  /** It says `connection: close`, or 1.0 without keep-alive. */
  readonly close: boolean;
}

/**
 * Builds and checks the head before anything is sent.
 *
 * @throws `UsageError`: `INVALID_METHOD`, `INVALID_TARGET`, `INVALID_FIELD_NAME`, `INVALID_FIELD_VALUE`, and the framing errors of
 *   `requestFraming`.
 */
export function composeRequestHead(
  config: RequestConfig,
  target: Target,
  defaults: HeadDefaults,
  plan: BodyPlan | undefined,
  added: HeadAdditions = NO_ADDITIONS,
): RequestHeadText {
  const method = config.method ?? 'GET';
  if (added === NO_ADDITIONS && isPlain(config, target, defaults)) return plainRequestHead(target, defaults);
  const version = config.version === '1.0' ? '1.0' : '1.1';
  const own = config.target;
  if (own !== undefined && !isRequestTarget(own)) throw new UsageError('INVALID_TARGET', 'not a request target');
  if (method === 'CONNECT' && own === undefined) {
    throw new UsageError('INVALID_TARGET', 'CONNECT needs the `target` to connect to, as host:port');
  }
  const fields = requestFields(config, defaults, added);
  const upgrade = config.upgrade ?? fields.get('upgrade') ?? '';
  const expectContinue =
    plan !== undefined && (config.expectContinue === true || fields.get('expect')?.toLowerCase() === '100-continue');
  if (method === 'TRACE' && plan) throw new UsageError('INVALID_BODY', 'TRACE has no body');

  const lines = new Fields();
  if (!fields.has('host')) lines.append('host', method === 'CONNECT' ? (own as string) : target.authority);
  if (target.authorization && !fields.has('authorization')) lines.append('authorization', target.authorization);
  if (defaults.userAgent !== '' && !fields.has('user-agent')) lines.append('user-agent', defaults.userAgent);
  if (asksForCoding(config, fields, defaults)) lines.append('accept-encoding', ACCEPT_ENCODING);
  if (plan?.contentType && !fields.has('content-type')) lines.append('content-type', plan.contentType);
  if (expectContinue && !fields.has('expect')) lines.append('expect', '100-continue');
  const options = connectionTokens(config, fields, upgrade);
  if (options !== '') fields.set('connection', options);
  if (upgrade !== '' && !fields.has('upgrade')) lines.append('upgrade', upgrade);
  if (config.transferCoding && !fields.has('te')) lines.append('te', 'gzip');
  if (config.trailers !== undefined && version === '1.0') {
    throw new UsageError('TRAILERS_NEED_CHUNKED', 'HTTP/1.0 has no trailers');
  }

  const length = plan === undefined ? null : config.trailers === undefined ? plan.length : undefined;
  const framing = requestFraming(method, version, fields, length);
  const sent = added.forwards ? absoluteForm(own, target) : (own ?? target.path);
  const text = encodeRequestHead(method, sent, lines, fields.toLines() + framing.extraLines, version);
  return {
    text,
    method,
    framing: framing.framing,
    contentLength: framing.contentLength,
    expectContinue,
    upgrade,
    close: framing.close,
  };
}

/** The head of a GET with nothing of its own: the common case, composed and encoded once for a target. */
function plainRequestHead(target: Target, defaults: HeadDefaults): RequestHeadText {
  const known = defaults.plain.get(target);
  if (known !== undefined) return known;
  const agent = defaults.userAgent === '' ? '' : `user-agent: ${defaults.userAgent}\r\n`;
  const coding = defaults.decompress ? `accept-encoding: ${ACCEPT_ENCODING}\r\n` : '';
  const text = `GET ${target.path} HTTP/1.1\r\nhost: ${target.authority}\r\n${agent}${coding}\r\n`;
  const head: RequestHeadText = {
    text: Buffer.from(text, 'latin1'),
    method: 'GET',
    framing: 0,
    contentLength: -1,
    expectContinue: false,
    upgrade: '',
    close: false,
  };
  defaults.plain.set(target, head);
  return head;
}

/** Whether {@link plainRequestHead} says it all. */
function isPlain(config: RequestConfig, target: Target, defaults: HeadDefaults): boolean {
  return (
    config.headers === undefined &&
    config.body === undefined &&
    (config.method === undefined || config.method === 'GET') &&
    (config.version === undefined || config.version === '1.1') &&
    config.target === undefined &&
    config.upgrade === undefined &&
    config.trailers === undefined &&
    !config.transferCoding &&
    (config.decompress === undefined || config.decompress === defaults.decompress) &&
    target.authorization === undefined &&
    defaults.fields === undefined
  );
}

/** For a proxy (RFC 9112 §3.2.2), where `*` is no path at all (§3.2.4). */
function absoluteForm(own: string | undefined, { url, origin }: Target): string {
  if (own === undefined) return url;
  if (own === '*') return origin;
  return own.startsWith('/') ? origin + own : own;
}

function connectionTokens(config: RequestConfig, fields: Fields, upgrade: string): string {
  const tokens = splitList(fields.getCombined('connection') ?? '');
  const listed = new Set(tokens.map((token) => token.toLowerCase()));
  if (upgrade !== '' && !listed.has('upgrade')) tokens.push('upgrade');
  if ((config.transferCoding || fields.has('te')) && !listed.has('te')) tokens.push('te');
  return tokens.join(', ');
}
