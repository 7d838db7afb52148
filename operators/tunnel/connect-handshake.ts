/** CONNECT (RFC 9110 §9.3.6) as an engine: the request out, the reply in, read by the same decoder as every response. */
import { ByteQueue } from '../core/byte-queue.js';
import { ProtocolError, UsageError } from '../core/protocol-error.js';
import { splitAuthority } from '../http/authority.js';
import { Fields, type FieldsInit } from '../http/fields.js';
import { reasonPhrase } from '../http/status.js';
import { encodeRequestHead } from '../http1/message-encoder.js';
import { CLOSED, DATA, END, HEAD, NEED_DATA, ResponseDecoder, type ResponseHead } from '../http1/message-decoder.js';
import type { Handshake } from './handshake.js';

export interface ConnectRequest {
  /** Where to: `host:port`, an IPv6 address in brackets. */
  readonly authority: string;
  /** Fields of the CONNECT request, such as `proxy-authorization`; Host is the authority unless it is among them. */
  readonly fields?: FieldsInit;
  /** Bytes of the head of the answer, interim ones included. Default 8192. */
  readonly maxHead?: number;
  /** Bytes that are kept of the body of a refusal. Default 8192. */
  readonly maxBody?: number;
}

const MAX_HEAD = 8192;
const MAX_BODY = 8192;

/**
 * A proxy answered CONNECT with something other than 2xx: what it said, for the caller to see and for nobody to act on. `code` is
 * `TUNNEL_REFUSED`.
 */
export class TunnelRefusedError extends ProtocolError {
  readonly status: number;
  readonly fields: Fields;
  /** The beginning of its body. */
  readonly body: Uint8Array;

  constructor({ status, fields }: ResponseHead, body: Uint8Array) {
    super('TUNNEL_REFUSED', `the proxy refused the tunnel: ${status} ${reasonPhrase(status)}`.trimEnd());
    this.status = status;
    this.fields = fields;
    this.body = body;
  }
}

export class ConnectHandshake implements Handshake {
  readonly #request: Uint8Array;
  readonly #decoder: ResponseDecoder;
  readonly #maxHead: number;
  readonly #maxBody: number;
  readonly #body = new ByteQueue();
  #pushed = 0;
  #head: ResponseHead | undefined;
  open = false;

  constructor({ authority, fields: init, maxHead = MAX_HEAD, maxBody = MAX_BODY }: ConnectRequest) {
    this.#maxHead = maxHead;
    this.#maxBody = maxBody;
    this.#decoder = new ResponseDecoder({ maxStartLine: maxHead, maxFieldBytes: maxHead });
    const split = splitAuthority(authority);
    if (split === undefined || split.host === '' || split.port < 1) {
      throw new UsageError('INVALID_TARGET', 'a tunnel goes to host:port');
    }
    const fields = new Fields(init);
    if (!fields.has('host')) fields.set('host', authority);
    const text = encodeRequestHead('CONNECT', authority, new Fields(), fields.toLines(), '1.1');
    this.#request = Buffer.from(text, 'latin1');
  }

  begin(): Uint8Array {
    this.#decoder.expect('CONNECT', false);
    return this.#request;
  }

  push(chunk: Uint8Array): undefined {
    this.#pushed += chunk.length;
    this.#decoder.push(chunk);
    this.#read();
  }

  rest(): Uint8Array {
    return this.#decoder.takeRest();
  }

  finish(): never {
    this.#decoder.finish();
    this.#read();
    if (this.#head !== undefined) throw new TunnelRefusedError(this.#head, this.#body.takeAll());
    throw new ProtocolError('TUNNEL_CLOSED', 'the proxy closed the connection without an answer');
  }

  #read(): void {
    while (!this.open) {
      const event = this.#decoder.read();
      if (event === HEAD) this.#sawHead(this.#decoder.head);
      else if (event === DATA) this.#sawBody(this.#decoder.chunk);
      else if (event === END && this.#head !== undefined) {
        throw new TunnelRefusedError(this.#head, this.#body.takeAll());
      } else if (event === NEED_DATA || event === CLOSED) break;
    }
    if (this.#head === undefined && !this.open && this.#pushed > this.#maxHead) throw tooLong(this.#maxHead);
  }

  #sawHead(head: ResponseHead): void {
    if (this.#pushed - this.#decoder.buffered > this.#maxHead) throw tooLong(this.#maxHead);
    if (head.status < 200 && head.status !== 101) return;
    if (head.status >= 200 && head.status < 300) this.open = true;
    else this.#head = head;
  }

  #sawBody(chunk: Uint8Array): void {
    this.#body.push(chunk.subarray(0, this.#maxBody - this.#body.length));
    if (this.#body.length === this.#maxBody)
      throw new TunnelRefusedError(this.#head as ResponseHead, this.#body.takeAll());
  }
}

function tooLong(maxHead: number): ProtocolError {
  const message = `the head of the proxy's answer is longer than maxHead (${maxHead} bytes)`;
  return new ProtocolError('TUNNEL_REPLY_LIMIT', message, { limit: 'maxHead' });
}
