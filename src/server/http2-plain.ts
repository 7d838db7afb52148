import type { Http2Stream } from '../../operators/http2/stream.js';
import type { Sender } from '../../operators/http2/send.js';
import type { AnsweredRequest } from './http2-writer.js';
import { HAS_CONTENT_TYPE, HAS_DATE, plainLines, type PlainLines } from './plain-lines.js';
import type { RespondContext } from './respond-context.js';
import { isObservableInput, type HandlerResult, type ServerResponse } from './server-response.js';

/** Bodies up to here are written with their head. Bytes. */
const MOST_PLAIN = 65_536;
const TEXT = 'text/plain;charset=UTF-8';

/**
 * Plain responses of one connection, written in one step. The header block written last is kept: as long as HPACK's table
 * stands, the same response is the same bytes.
 */
export class Http2Plain {
  readonly #sender: Sender;
  #block: Uint8Array | undefined = undefined;
  #tableChanges = -1;
  #status = 0;
  #fields: PlainLines | undefined = undefined;
  #date = '';
  #length = -1;
  #text = false;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** Writes a response if it is plain; whether it did. @throws UsageError for fields that cannot be sent */
  answer(context: RespondContext, stream: Http2Stream, request: AnsweredRequest, result: HandlerResult): boolean {
    if (typeof result !== 'object' || result === null || isObservableInput(result) || !isPlain(result)) return false;
    const { status = 200, body } = result;
    const { method } = request;
    if (method === 'HEAD' || method === 'CONNECT' || stream.closed) return false;
    if (this.#sender.maxHeaderList < Infinity) return false;
    let bytes: Uint8Array = NO_BYTES;
    if (typeof body === 'string') bytes = Buffer.from(body);
    else if (body instanceof Uint8Array) bytes = body;
    else if (body !== undefined) return false;
    const { length } = bytes;
    if (length > MOST_PLAIN) return false;
    const fields = plainLines(result.fields);
    if (fields === undefined) return false;
    const block = this.#blockFor(status, fields, context.date.value, length, typeof body === 'string');
    request.headSent = true;
    this.#sender.block(stream, stream.state, block, length === 0);
    if (length > 0) this.#sender.last(stream, bytes);
    return true;
  }

  #blockFor(status: number, fields: PlainLines, date: string, length: number, text: boolean): Uint8Array {
    const { encoder } = this.#sender;
    const same =
      this.#block !== undefined &&
      this.#tableChanges === encoder.tableChanges &&
      this.#fields === fields &&
      this.#length === length &&
      this.#status === status &&
      this.#text === text &&
      this.#date === date;
    if (same) return this.#block as Uint8Array;
    const before = encoder.tableChanges;
    const list: string[] = [];
    addLines(list, fields.lines);
    if (date !== '' && (fields.has & HAS_DATE) === 0) list.push('date', date);
    if (text && (fields.has & HAS_CONTENT_TYPE) === 0) list.push('content-type', TEXT);
    list.push('content-length', String(length));
    const block = encoder.encode(list, [':status', String(status)]);
    this.#tableChanges = encoder.tableChanges;
    this.#block = this.#tableChanges === before ? block : undefined;
    this.#fields = fields;
    this.#length = length;
    this.#status = status;
    this.#text = text;
    this.#date = date;
    return block;
  }
}

const NO_BYTES = new Uint8Array(0);

function isPlain({ status = 200, trailers, upgraded, priority }: ServerResponse): boolean {
  if (trailers !== undefined || upgraded !== undefined || priority !== undefined) return false;
  return (
    status >= 200 && status < 600 && status !== 204 && status !== 205 && status !== 304 && Number.isInteger(status)
  );
}

/** Field lines of HTTP/1, as names and values in turn. */
function addLines(list: string[], lines: string): void {
  for (let at = 0; at < lines.length;) {
    const colon = lines.indexOf(':', at);
    const end = lines.indexOf('\r\n', colon);
    list.push(lines.slice(at, colon), lines.slice(colon + 2, end));
    at = end + 2;
  }
}
