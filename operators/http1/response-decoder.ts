/** Reads responses (RFC 9112 §4, §6.3): which request they answer decides what their body is. */
import { Fields } from '../http/fields.js';
import { MessageDecoder } from './decoder.js';
import {
  connectionOptions,
  FRAMING_CHUNKED,
  FRAMING_CLOSE,
  FRAMING_LENGTH,
  FRAMING_NONE,
  FRAMING_TUNNEL,
  type FramingFields,
  framingFields,
  persists,
} from './framing.js';
import { type Http1Limits, resolveLimits } from './limits.js';
import { StatusLineReader } from './read-status-line.js';
import { refusal } from './refuse.js';

export interface ResponseHead {
  /** 100 to 999. */
  readonly status: number;
  /** As on the wire; may be empty. */
  readonly reason: string;
  readonly version: '1.0' | '1.1';
  readonly fields: Fields;
}

class DecodedResponseHead implements ResponseHead {
  constructor(
    readonly status: number,
    readonly reason: string,
    readonly version: '1.0' | '1.1',
    readonly fields: Fields,
  ) {}
}

// What is remembered of a request.
const IS_HEAD = 1;
const IS_CONNECT = 2;
const ASKS_UPGRADE = 4;

/**
 * Reads responses, each for a request announced by `expect`.
 *
 * 1xx come as HEAD and END and leave the request waiting, 101 excepted. A byte that arrives while nothing is awaited is
 * `UNSOLICITED_RESPONSE`. After a tunnel or an answer that does not keep the connection open, `read` gives CLOSED.
 */
export class ResponseDecoder extends MessageDecoder<ResponseHead> {
  readonly #line: StatusLineReader;
  readonly #awaited: number[] = [];
  #interims = 0;
  #interimCost = 0;

  constructor(limits?: Partial<Http1Limits>) {
    const resolved = resolveLimits('client', limits);
    const line = new StatusLineReader(resolved.maxStartLine);
    super('client', resolved, line);
    this.#line = line;
  }

  /** A request has been sent, or is about to be: its response is awaited after those announced before. */
  expect(method: string, upgrade: boolean): void {
    const kind = method === 'HEAD' ? IS_HEAD : method === 'CONNECT' ? IS_CONNECT : 0;
    this.#awaited.push(upgrade ? kind | ASKS_UPGRADE : kind);
  }

  /** Requests whose final response has not begun. */
  get awaited(): number {
    return this.#awaited.length;
  }

  protected override beginHead(): number {
    if (this.#awaited.length === 0) {
      throw refusal('client', 'UNSOLICITED_RESPONSE', 'bytes arrived while no response was awaited');
    }
    return this.limits.maxFieldBytes - this.#interimCost;
  }

  protected override completeHead(text: string): void {
    const line = this.#line;
    const { section } = this;
    const { status, minor } = line;
    const reason = text.substring(StatusLineReader.REASON_START, line.reasonEnd);
    const list = section.list(text);
    this.head = new DecodedResponseHead(status, reason, minor === 1 ? '1.1' : '1.0', Fields.fromParsed(list));
    this.contentLength = -1;
    this.transferCoding = '';
    this.framing = FRAMING_NONE;
    if (status < 200 && status !== 101) {
      this.#interim(framingFields('client', section, list, text, minor));
      return;
    }
    const request = this.#awaited.shift() as number;
    this.#interims = 0;
    this.#interimCost = 0;
    if (status === 101 && (request & ASKS_UPGRADE) === 0) {
      throw refusal('client', 'UNEXPECTED_UPGRADE', 'the server switches protocols unasked');
    }
    if (status === 101 || ((request & IS_CONNECT) !== 0 && status < 300)) {
      this.framing = FRAMING_TUNNEL; // Content-Length and Transfer-Encoding mean nothing here (RFC 9110 §9.3.6)
      this.keepAlive = false;
      return;
    }
    const framed = framingFields('client', section, list, text, minor);
    this.keepAlive = persists(minor, connectionOptions(section, list));
    if (status === 204) {
      // Has no body; a peer that announces one may send it, so nothing behind it is trusted.
      if (framed.chunked || framed.contentLength > 0) this.keepAlive = false;
    } else if (status !== 304 && (request & IS_HEAD) === 0) this.#frame(framed);
  }

  #frame(framed: FramingFields): void {
    if (framed.chunked) {
      this.framing = FRAMING_CHUNKED;
      this.transferCoding = framed.coding;
    } else if (framed.contentLength >= 0) {
      this.framing = FRAMING_LENGTH;
      this.contentLength = framed.contentLength;
    } else {
      this.framing = FRAMING_CLOSE;
      this.keepAlive = false;
    }
  }

  #interim(framed: FramingFields): void {
    const { maxInterim } = this.limits;
    if (++this.#interims > maxInterim) {
      throw refusal('client', 'INTERIM_LIMIT', 'too many 1xx responses', 0, 'maxInterim');
    }
    if (framed.chunked) throw refusal('client', 'BAD_TRANSFER_ENCODING', 'a 1xx response with Transfer-Encoding');
    if (framed.contentLength > 0) throw refusal('client', 'BAD_CONTENT_LENGTH', 'a 1xx response with a body');
    this.#interimCost += this.section.cost;
  }
}
