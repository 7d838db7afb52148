import { planBody, type BodyPlan } from '../../operators/body/body-source.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import { isDigits, isFieldValue } from '../../operators/http/field-syntax.js';
import { Fields } from '../../operators/http/fields.js';
import { isBodiless } from '../../operators/http/status.js';
import type { RespondContext } from './respond-context.js';
import type { ServerResponse } from './server-response.js';

/** A response over HTTP/2 whose head is composed and checked; nothing of it is sent yet. */
export interface ComposedHttp2Response {
  readonly status: number;
  readonly fields: Fields;
  /** Undefined where there is no body to be sent, also to HEAD. */
  readonly plan: BodyPlan | undefined;
  /** As declared; -1 if it is not. Bytes. */
  readonly contentLength: number;
}

/** What has a meaning for one HTTP/1 connection only (RFC 9113 §8.2.2): it is left out. */
const CONNECTION_FIELDS = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'];

/** @throws `UsageError`: what `Fields` and `planBody` refuse, and the framing errors of a response. */
export function composeHttp2Response(
  context: RespondContext,
  method: string,
  response: ServerResponse,
): ComposedHttp2Response {
  const { status = 200, body } = response;
  checkStatus(status);
  if (method === 'CONNECT' && status < 300) {
    throw new UsageError('UPGRADED_MISSING', `a ${status} response needs \`upgraded\`, for the stream it opens`);
  }
  const fields = withoutConnection(response);
  const plan = body === undefined ? undefined : planBody(body, context.boundary);
  const bodiless = isBodiless(status) || status === 205;
  if (!fields.has('date') && context.date.value !== '') fields.append('date', context.date.value);
  if (plan?.contentType && !bodiless && !fields.has('content-type')) {
    if (!isFieldValue(plan.contentType)) throw new UsageError('INVALID_FIELD_VALUE', 'the type of the body is none');
    fields.append('content-type', plan.contentType);
  }
  const contentLength = declaredLength(fields, status, method, plan, response.trailers !== undefined);
  return { status, fields, plan: bodiless || method === 'HEAD' ? undefined : plan, contentLength };
}

/** @throws `UsageError` */
export function composeHttp2Interim(response: ServerResponse): Fields {
  const { status = 100, body, trailers } = response;
  if (!Number.isInteger(status) || status < 100) checkStatus(status);
  if (body !== undefined || trailers !== undefined) {
    throw new UsageError('BODY_NOT_ALLOWED', `a ${status} response has no body`);
  }
  if (status === 101) throw new UsageError('NOT_UPGRADABLE', 'HTTP/2 has no 101: CONNECT is answered with 200');
  return withoutConnection(response);
}

export function withoutConnection({ fields: init }: ServerResponse): Fields {
  const fields = new Fields(init);
  for (const name of CONNECTION_FIELDS) if (fields.has(name)) fields.delete(name);
  fields.forEach((name) => {
    if (name.startsWith(':')) throw new UsageError('INVALID_FIELD_NAME', `${name} is not for the caller to set`);
  });
  return fields;
}

function checkStatus(status: number): void {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new UsageError('INVALID_STATUS', `there is no status ${status}`);
  }
}

/** Declares the length where it is known, and holds what is declared against it. */
function declaredLength(
  fields: Fields,
  status: number,
  method: string,
  plan: BodyPlan | undefined,
  hasTrailers: boolean,
): number {
  const given = fields.getAll('content-length');
  if (given.length > 1 || given.some((value) => !isDigits(value))) {
    throw new UsageError('INVALID_CONTENT_LENGTH', 'Content-Length is given once, as a number of bytes');
  }
  const [text] = given;
  if (isBodiless(status)) {
    if (text !== undefined && status !== 304) fields.delete('content-length');
    return -1;
  }
  const known = plan === undefined ? 0 : plan.length;
  if (text === undefined) {
    if (known !== undefined && !hasTrailers && (plan !== undefined || method !== 'HEAD')) {
      fields.append('content-length', String(known));
    }
    return known ?? -1;
  }
  const declared = Number(text);
  if (known !== undefined && declared !== known && method !== 'HEAD') {
    throw new UsageError('CONFLICTING_LENGTH', `Content-Length is ${declared}, the body has ${known} bytes`);
  }
  return declared;
}
