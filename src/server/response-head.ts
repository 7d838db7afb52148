import { EMPTY, isObservable } from 'rxjs';
import { planBody, type BodyPlan } from '../../operators/body/body-source.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import { isFieldValue, splitList } from '../../operators/http/field-syntax.js';
import { Fields } from '../../operators/http/fields.js';
import { isBodiless } from '../../operators/http/status.js';
import { encodeResponseHead, responseFraming } from '../../operators/http1/message-encoder.js';
import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import { acceptedCoding } from './accepted-coding.js';
import type { RespondContext } from './respond-context.js';
import type { ServerResponse } from './server-response.js';

/** A response whose head is composed and checked; nothing of it is sent yet. */
export interface ComposedResponse {
  /** Latin-1, with its empty line. */
  readonly head: string;
  readonly framing: number;
  readonly contentLength: number;
  readonly close: boolean;
  readonly plan: BodyPlan | undefined;
  /** Coding to apply under chunked: `gzip`, `deflate` or none. */
  readonly coding: string;
}

/**
 * Composes a final response.
 *
 * @throws `UsageError`: what `Fields`, `planBody`, `responseFraming` and `encodeResponseHead` refuse.
 */
export function composeResponse(
  context: RespondContext,
  exchange: ServerExchange,
  response: ServerResponse,
): ComposedResponse {
  const { status = 200, body, trailers, reason } = response;
  const method = exchange.request?.method ?? 'GET';
  const version = exchange.request?.version ?? '1.1';
  if (method === 'CONNECT' && status < 300) {
    throw new UsageError('UPGRADED_MISSING', `a ${status} response needs \`upgraded\`, for the stream it opens`);
  }
  let fields = fittingFields(response, version, status);
  const measured = fields.has('content-length');
  if (trailers !== undefined && measured && !isObservable(trailers)) {
    throw new UsageError('TRAILERS_NEED_CHUNKED', 'trailers need a chunked body, this one has a Content-Length');
  }
  const plan = body === undefined ? undefined : planBody(body, context.boundary);
  let extra = fields.has('date') ? '' : context.date.text;
  if (plan?.contentType && !isBodiless(status) && !fields.has('content-type')) {
    if (!isFieldValue(plan.contentType)) throw new UsageError('INVALID_FIELD_VALUE', 'the type of the body is none');
    extra += `content-type: ${plan.contentType}\r\n`;
  }
  const chunked = trailers !== undefined && version === '1.1' && !measured;
  const length = chunked ? undefined : plan === undefined ? null : plan.length;
  const coding = length === undefined && context.transferCoding ? codingFor(exchange, status, fields) : '';
  if (coding !== '') fields = fields.clone().append('transfer-encoding', `${coding}, chunked`);
  const { framing, contentLength, extraLines, close } = responseFraming(
    method,
    version,
    status,
    fields,
    length,
    exchange.close || (plan?.stream === undefined && exchange.bodyTooLong),
  );
  const head = encodeResponseHead(status, fields, extra + extraLines, '1.1', reason);
  return { head, framing, contentLength, close, plan, coding };
}

/** What a handler who passes on another's response cannot know: this client has no chunks, or the status no body to be measured. */
function fittingFields({ fields: init }: ServerResponse, version: string, status: number): Fields {
  const fields = Fields.from(init);
  const chunks = version === '1.0' && fields.has('transfer-encoding');
  const nothing = status === 204 && fields.get('content-length') === '0';
  if (!chunks && !nothing) return fields;
  const fitting = fields.clone();
  if (chunks) fitting.delete('transfer-encoding');
  if (nothing) fitting.delete('content-length');
  return fitting;
}

/** An interim response (RFC 9110 §15.2). */
export function composeInterim({ status = 100, fields: init, body, trailers, reason }: ServerResponse): string {
  if (body !== undefined || trailers !== undefined) {
    throw new UsageError('BODY_NOT_ALLOWED', `a ${status} response has no body`);
  }
  if (status === 101)
    throw new UsageError('UPGRADED_MISSING', 'a 101 response needs `upgraded`, for the stream it opens');
  const fields = Fields.from(init);
  const { extraLines } = responseFraming('GET', '1.1', status, fields, null, false);
  return encodeResponseHead(status, fields, extraLines, '1.1', reason);
}

/**
 * The head that takes the connection out of HTTP: 101 for an Upgrade, 2xx for CONNECT.
 *
 * @throws `UsageError` `NOT_UPGRADABLE` where the client has not asked for it.
 */
export function composeUpgrade(context: RespondContext, exchange: ServerExchange, response: ServerResponse): string {
  const { status = 101, body, reason } = response;
  const connect = exchange.request?.method === 'CONNECT';
  const fits = connect ? status >= 200 && status < 300 : status === 101 && exchange.upgrade !== '';
  if (!fits) {
    throw new UsageError('NOT_UPGRADABLE', `${status} does not take this request out of HTTP`);
  }
  if (exchange.hasBody && !exchange.read) {
    throw new UsageError('NOT_UPGRADABLE', 'the body of the request has not been read');
  }
  if (body !== undefined && body !== EMPTY) throw new UsageError('BODY_NOT_ALLOWED', 'what follows is not a body');
  const fields = new Fields(response.fields);
  if (!connect) {
    const [first = ''] = splitList(exchange.upgrade);
    if (!fields.has('upgrade')) fields.append('upgrade', first);
    if (!fields.has('connection')) fields.append('connection', 'upgrade');
  }
  const date = connect && !fields.has('date') ? context.date.text : '';
  const { extraLines } = responseFraming(connect ? 'CONNECT' : 'GET', '1.1', status, fields, null, false);
  return encodeResponseHead(status, fields, date + extraLines, '1.1', reason);
}

function codingFor({ request }: ServerExchange, status: number, fields: Fields): string {
  if (request === undefined || request.version === '1.0' || request.method === 'HEAD' || isBodiless(status)) return '';
  const te = request.fields.getCombined('te');
  if (te === undefined || status === 205) return '';
  if (fields.has('content-encoding') || fields.has('content-length') || fields.has('transfer-encoding')) return '';
  return acceptedCoding(te) ?? '';
}
