import { Observable, Subject, type Subscriber } from 'rxjs';
import { ProtocolError } from '../../operators/core/protocol-error.js';
import { joinAuthority } from '../../operators/http/authority.js';
import { Fields } from '../../operators/http/fields.js';
import type { RequestHead } from '../../operators/http1/message-decoder.js';
import { parseRequestTarget } from '../../operators/http1/request-target.js';
import type { ExchangeOwner, ServerExchange } from '../../operators/http1/server-exchange.js';
import { inflateTransferCoding } from '../../operators/http1/transfer-coding.js';
import type { Address, SocketInfo, TlsInfo } from '../sockets/byte-duplex.js';
import { infoOf } from '../sockets/socket-info.js';
import type { Reply } from './reply.js';
import type { ServerRequest } from './server-request.js';

/** A request over HTTP/1; nothing is made before it is asked for. */
export class Http1Request implements ServerRequest, ExchangeOwner {
  readonly id: number;
  /** @internal What answers it, where that takes more than one step. */
  reply: Reply | undefined = undefined;
  readonly #exchange: ServerExchange;
  readonly #head: RequestHead;
  #cancelled: Subject<void> | undefined = undefined;
  #wasCancelled = false;
  #trailers: Set<Subscriber<Fields>> | undefined = undefined;

  constructor(id: number, exchange: ServerExchange, head: RequestHead) {
    this.id = id;
    this.#exchange = exchange;
    this.#head = head;
    // It is undone on the way: whoever passes the request on passes what came out.
    if (exchange.transferCoding !== '') head.fields.set('transfer-encoding', 'chunked');
    exchange.owner = this;
  }

  get method(): string {
    return this.#head.method;
  }

  get target(): string {
    return this.#head.target;
  }

  get path(): string {
    const { target } = this.#head;
    if (target.charCodeAt(0) === 0x2f) return target;
    return parseRequestTarget(this.#head.method, target)?.path ?? '';
  }

  get url(): URL {
    const { path } = this;
    const { local } = this.connection;
    const authority = this.authority || joinAuthority(local.address || 'localhost', local.port || -1);
    try {
      return new URL(`${this.scheme}://${authority}${path === '*' ? '' : path}`);
    } catch (cause) {
      // The grammar of RFC 3986 has hosts that no URL has, such as 1.2.3.999. The client gets 400 for it.
      throw new ProtocolError('BAD_HOST', 'the request is for no URL', { scope: 'message', wireCode: 400, cause });
    }
  }

  get authority(): string {
    const { target } = this.#head;
    const own = target.charCodeAt(0) === 0x2f ? '' : parseRequestTarget(this.#head.method, target)?.authority;
    return own || (this.#head.fields.get('host') ?? '');
  }

  get scheme(): 'http' | 'https' {
    return this.tls ? 'https' : 'http';
  }

  get claimedScheme(): string | undefined {
    const { method, target } = this.#head;
    return target.charCodeAt(0) === 0x2f ? undefined : parseRequestTarget(method, target)?.scheme || undefined;
  }

  get fields(): Fields {
    return this.#head.fields;
  }

  get version(): '1.0' | '1.1' {
    return this.#head.version;
  }

  get body(): Observable<Uint8Array> {
    const { body, transferCoding } = this.#exchange;
    return transferCoding === '' ? body : body.pipe(inflateTransferCoding(transferCoding));
  }

  get received(): number {
    return this.#exchange.receivedBytes;
  }

  get trailers(): Observable<Fields> {
    return new Observable((subscriber) => {
      const { hasBody, read } = this.#exchange;
      if (hasBody && !read) {
        const waiting = (this.#trailers ??= new Set());
        waiting.add(subscriber);
        return () => waiting.delete(subscriber);
      }
      this.#tellTrailers(subscriber);
      return undefined;
    });
  }

  get remote(): Address {
    return this.connection.remote;
  }

  get local(): Address {
    return this.connection.local;
  }

  get tls(): TlsInfo | undefined {
    return this.connection.tls;
  }

  get connection(): SocketInfo {
    return infoOf(this.#exchange.connection.socket.info);
  }

  get upgrade(): string {
    return this.#exchange.upgrade;
  }

  get cancelled$(): Observable<void> {
    return new Observable((subscriber) => {
      if (!this.#exchange.over) return (this.#cancelled ??= new Subject<void>()).subscribe(subscriber);
      if (this.#wasCancelled) subscriber.next();
      subscriber.complete();
      return undefined;
    });
  }

  push(): boolean {
    return false;
  }

  toString(): string {
    return `${this.method} ${this.target}`;
  }

  /** @internal */
  turn(): void {
    this.reply?.turn();
  }

  /** @internal */
  requestRead(): void {
    const waiting = this.#trailers;
    this.#trailers = undefined;
    if (waiting) for (const subscriber of waiting) this.#tellTrailers(subscriber);
  }

  /** @internal */
  answered(): void {
    this.reply?.answered();
    this.#cancelled?.complete();
  }

  /** @internal */
  cancelled(): void {
    this.#wasCancelled = true;
    this.reply?.cancelled();
    this.#cancelled?.next();
    this.#cancelled?.complete();
  }

  #tellTrailers(subscriber: Subscriber<Fields>): void {
    const { readError, requestTrailers } = this.#exchange;
    if (readError !== undefined) return subscriber.error(readError);
    subscriber.next(requestTrailers ?? new Fields());
    subscriber.complete();
  }
}
