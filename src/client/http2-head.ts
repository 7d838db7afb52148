import type { BodyPlan } from '../../operators/body/body-source.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import { isDigits, isRequestTarget, isToken } from '../../operators/http/field-syntax.js';
import type { Fields } from '../../operators/http/fields.js';
import { formatPriorityField } from '../../operators/http2/priority-field.js';
import { isObservable } from 'rxjs';
import type { HeadDefaults } from './request-head.js';
import type { RequestConfig } from './request-config.js';
import { ACCEPT_ENCODING, asksForCoding, type HeadAdditions, NO_ADDITIONS, requestFields } from './request-fields.js';
import type { Target } from './target.js';

/** A request head for HTTP/2, ready to be encoded. */
export interface Http2RequestHead {
  /** `:method` and the like, as a flat list. */
  readonly pseudo: readonly string[];
  readonly fields: Fields;
  readonly method: string;
  /** As declared; -1 if it is not. Bytes. */
  readonly contentLength: number;
  readonly expectContinue: boolean;
  /** It is an extended CONNECT (RFC 8441). */
  readonly extendedConnect: boolean;
}

/** What has a meaning for one HTTP/1 connection only (RFC 9113 §8.2.2): it is left out. */
const CONNECTION_FIELDS = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'host'];
const plain = new WeakMap<HeadDefaults, WeakMap<Target, Http2RequestHead>>();

/** Builds and checks the head. @throws `UsageError` */
export function composeHttp2Head(
  config: RequestConfig,
  target: Target,
  defaults: HeadDefaults,
  body: BodyPlan | undefined,
  added: HeadAdditions = NO_ADDITIONS,
): Http2RequestHead {
  const isPlain = body === undefined && added === NO_ADDITIONS && hasNothingOfItsOwn(config, target, defaults);
  if (!isPlain) return compose(config, target, defaults, body, added);
  let known = plain.get(defaults);
  if (known === undefined) plain.set(defaults, (known = new WeakMap()));
  let head = known.get(target);
  if (head === undefined) known.set(target, (head = compose(config, target, defaults, body, added)));
  return head;
}

function compose(
  config: RequestConfig,
  target: Target,
  defaults: HeadDefaults,
  body: BodyPlan | undefined,
  added: HeadAdditions,
): Http2RequestHead {
  const { target: own, upgrade, method = 'GET' } = config;
  if (!isToken(method)) throw new UsageError('INVALID_METHOD', 'a method is a token');
  const fields = requestFields(config, defaults, added);
  const authority = fields.get('host') ?? target.authority;
  for (const name of CONNECTION_FIELDS) if (fields.has(name)) fields.delete(name);
  fields.forEach((name) => {
    if (name.startsWith(':')) throw new UsageError('INVALID_FIELD_NAME', `${name} is not for the caller to set`);
  });
  if (fields.has('te') && fields.get('te') !== 'trailers') fields.delete('te');
  if (method === 'TRACE' && body) throw new UsageError('INVALID_BODY', 'TRACE has no body');
  const expectContinue =
    body !== undefined && (config.expectContinue === true || fields.get('expect')?.toLowerCase() === '100-continue');
  if (target.authorization && !fields.has('authorization')) fields.append('authorization', target.authorization);
  if (defaults.userAgent !== '' && !fields.has('user-agent')) fields.append('user-agent', defaults.userAgent);
  if (asksForCoding(config, fields, defaults)) fields.append('accept-encoding', ACCEPT_ENCODING);
  if (body?.contentType && !fields.has('content-type')) fields.append('content-type', body.contentType);
  if (expectContinue && !fields.has('expect')) fields.append('expect', '100-continue');
  const { priority } = config;
  if (priority !== undefined && !isObservable(priority) && !fields.has('priority')) {
    const text = formatPriorityField(priority);
    if (text !== '') fields.append('priority', text);
  }
  const contentLength = declareLength(fields, method, config, body);
  const scheme = target.secure ? 'https' : 'http';
  return {
    pseudo: pseudoFields(method, scheme, authority, own ?? target.path, upgrade),
    fields,
    method: upgrade === undefined ? method : 'CONNECT',
    contentLength,
    expectContinue,
    extendedConnect: upgrade !== undefined,
  };
}

/** RFC 9113 §8.3.1, §8.5; RFC 8441 §4. */
function pseudoFields(
  method: string,
  scheme: string,
  authority: string,
  path: string,
  protocol: string | undefined,
): readonly string[] {
  if (!isRequestTarget(path)) throw new UsageError('INVALID_TARGET', 'not a request target');
  const rest = [':scheme', scheme, ':authority', authority, ':path', path];
  if (protocol !== undefined) {
    if (!isToken(protocol)) throw new UsageError('INVALID_TARGET', 'the protocol to upgrade to is a token');
    return [':method', 'CONNECT', ':protocol', protocol, ...rest];
  }
  if (method !== 'CONNECT') return [':method', method, ...rest];
  if (path.startsWith('/')) {
    throw new UsageError('INVALID_TARGET', 'CONNECT needs the `target` to connect to, as host:port');
  }
  return [':method', 'CONNECT', ':authority', path];
}

function declareLength(fields: Fields, method: string, config: RequestConfig, body: BodyPlan | undefined): number {
  const given = fields.getAll('content-length');
  if (given.length > 1 || given.some((value) => !isDigits(value))) {
    throw new UsageError('INVALID_CONTENT_LENGTH', 'Content-Length is given once, as a number of bytes');
  }
  const [text] = given;
  const length = body === undefined ? 0 : body.length;
  if (text !== undefined) {
    if (length !== undefined && Number(text) !== length) {
      throw new UsageError('CONFLICTING_LENGTH', `Content-Length is ${text}, the body has ${length} bytes`);
    }
    return Number(text);
  }
  const expected = method === 'POST' || method === 'PUT' || method === 'PATCH';
  if (length === undefined || config.trailers !== undefined) return -1;
  if (body !== undefined || expected) fields.append('content-length', String(length));
  return length;
}

function hasNothingOfItsOwn(config: RequestConfig, target: Target, defaults: HeadDefaults): boolean {
  return (
    config.headers === undefined &&
    (config.method === undefined || config.method === 'GET') &&
    config.target === undefined &&
    config.upgrade === undefined &&
    config.trailers === undefined &&
    config.priority === undefined &&
    (config.decompress === undefined || config.decompress === defaults.decompress) &&
    target.authorization === undefined &&
    defaults.fields === undefined
  );
}
