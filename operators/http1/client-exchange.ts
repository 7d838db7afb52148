import { UsageError } from '../core/protocol-error.js';
import type { Fields } from '../http/fields.js';
import { isIdempotentMethod } from '../http/method.js';
import type { ClientConnection, ResponseSink } from './client-connection.js';
import { BodyEncoder } from './message-encoder.js';
import type { Output } from './output.js';

/** The request half of one exchange on a {@link ClientConnection}: head, then data, then end. */
export class ClientExchange {
  readonly sink: ResponseSink;
  readonly method: string;
  readonly upgrade: boolean;
  /** The request has been written whole. */
  sent = false;
  /** Some head has come back, interim or final: the request reached somebody. */
  answered = false;
  /** The head last read was interim. */
  interim = false;
  /** Complete, failed or detached. */
  over = false;
  readonly #connection: ClientConnection;
  readonly #output: Output;
  #body: BodyEncoder | undefined;

  constructor(connection: ClientConnection, output: Output, sink: ResponseSink, method: string, upgrade: boolean) {
    this.#connection = connection;
    this.#output = output;
    this.sink = sink;
    this.method = method;
    this.upgrade = upgrade;
  }

  /** Others may be written behind it before it is answered. */
  get pipelinable(): boolean {
    return isIdempotentMethod(this.method) && !this.upgrade;
  }

  get connection(): ClientConnection {
    return this.#connection;
  }

  /** Chunks of its connection are held: the peer is not the one being waited for. */
  get consumerHolds(): boolean {
    return this.#connection.consumerHolds;
  }

  /** Bytes on their way that the socket has not let go. */
  get unsent(): number {
    return this.#connection.unsent;
  }

  /**
   * Writes the head and, when it is all known, the body: one write.
   *
   * @param head latin-1 text with its empty line, see `encodeRequestHead`, or its bytes.
   * @param framing how a body to follow is delimited; the exchange is sent whole if it has none.
   */
  head(head: string | Uint8Array, framing: number, contentLength: number, wholeBody?: Uint8Array): void {
    if (typeof head === 'string') this.#output.text(head);
    else this.#output.bytes(head);
    if (framing === 0) this.sent = true;
    else this.#body = new BodyEncoder(framing, contentLength);
    if (wholeBody) {
      this.#write(wholeBody);
      this.#finish(undefined);
    }
    this.#connection.flush();
  }

  /** Writes body bytes at once; holds the delivery on the stack while the way out is backed up. */
  data(chunk: Uint8Array, extension?: string): void {
    if (this.over || chunk.length === 0) return;
    this.#write(chunk, extension);
    this.#output.flush();
  }

  end(trailers?: Fields): void {
    if (this.over) return;
    this.#finish(trailers);
    this.#connection.flush();
  }

  /** Lets go: the connection closes, unless the response is already complete. */
  cancel(): void {
    if (this.over) return;
    this.over = true;
    this.#connection.abandon(this);
  }

  #write(chunk: Uint8Array, extension?: string): void {
    const body = this.#body;
    if (!body) throw new UsageError('NO_BODY', 'this request has no body to write to');
    body.sent(chunk.length);
    this.#output.text(body.header(chunk.length, extension));
    this.#output.bytes(chunk);
  }

  #finish(trailers: Fields | undefined): void {
    if (this.#body) this.#output.text(this.#body.finish(trailers));
    this.sent = true;
  }
}
