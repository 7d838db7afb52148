import type { Observable, Subscriber } from 'rxjs';
import { isHeld } from '../../operators/core/deliver.js';
import { TimeoutError } from '../../operators/core/protocol-error.js';
import type { ExchangeRequest } from '../../operators/exchange/exchange-request.js';
import type { Fields } from '../../operators/http/fields.js';
import type { UnicastHooks } from '../../operators/core/unicast-subject.js';
import type { ByteSubject } from '../../operators/http1/detach.js';
import { FRAMING_NONE } from '../../operators/http1/message-decoder.js';
import type { SocketInfo } from '../sockets/byte-duplex.js';
import type { ClientContext } from './client-context.js';
import { learn } from './client-stores.js';
import type { CancelEffect, ExchangeEvent, ExchangePhase, Informational } from './exchange-event.js';
import { type ClockOwner, ExchangeClock, type WaitPhase } from './exchange-clock.js';
import type { AnyResponseHead, ExchangeSink, Lease, OutboundRequest } from './lease.js';
import type { Pool } from './pool.js';
import type { PoolWaiter, Ticket } from './pool-waiter.js';
import type { PreparedRequest } from './prepared-request.js';
import { followFrom, type RedirectChain } from './redirects.js';
import { ExchangeResponse, type Response } from './response.js';
import { ResponseBody } from './response-body.js';
import { isSafeToRepeat } from './safe-to-repeat.js';
import { Upload, type UploadObserver } from './upload.js';

const NO_INFORMATIONALS: readonly Informational[] = Object.freeze([]);

/**
 * One request from its subscription to the last byte of its response.
 *
 * Cancellation, by phase: queued and connecting, it withdraws and nothing was sent; from the first byte sent to the last
 * byte received, over HTTP/1 the connection closes, which has no other way to stop, and over HTTP/2 the stream is reset.
 */
export class Exchange implements ExchangeSink, PoolWaiter, UploadObserver, UnicastHooks, ClockOwner {
  previousLink: Exchange | undefined = undefined;
  nextLink: Exchange | undefined = undefined;
  readonly request: PreparedRequest;
  /** Its place in the pool's queue. */
  ticket: Ticket | undefined = undefined;
  phase: ExchangePhase = 'queued';
  informationals: readonly Informational[] = NO_INFORMATIONALS;
  readonly clock: ExchangeClock;
  /** The connection it was given. */
  lease: Lease | undefined;
  /** What it is sent by, once it has a connection. */
  outbound: OutboundRequest | undefined;
  /** The redirects that are being followed in its place. */
  chain: RedirectChain | undefined;
  readonly body = new ResponseBody(this);
  readonly #context: ClientContext;
  readonly #subscriber: Subscriber<Response>;
  readonly listener: ((event: ExchangeEvent) => void) | undefined;
  #pool: Pool | undefined;
  #upload: Upload | undefined;
  #reused = false;
  #retries = 0;
  #responded = false;
  #upgradeHead: AnyResponseHead | undefined;

  constructor(
    context: ClientContext,
    request: PreparedRequest,
    subscriber: Subscriber<Response>,
    listener?: (event: ExchangeEvent) => void,
  ) {
    this.#context = context;
    this.request = request;
    this.chain = request.chain;
    this.clock = new ExchangeClock(request.deadlines, request.limits, this, this.chain?.totalUntil);
    this.#subscriber = subscriber;
    this.listener = listener;
  }

  start(): void {
    this.#context.exchanges.add(this);
    this.#acquire();
  }

  /** The caller has unsubscribed, or the response was emitted: only the first cancels. */
  unsubscribe(): void {
    if (!this.#responded) this.cancel();
  }

  cancel(error?: unknown): void {
    if (this.phase === 'done') return;
    const { phase } = this;
    const effect = this.#abandon();
    this.#finish();
    const cause = error === undefined ? {} : { error };
    this.#context.emit({ type: 'cancelled', url: this.request.target.url, phase, effect, ...cause });
  }

  get socketInfo(): SocketInfo {
    return (this.lease as Lease).socket.info;
  }

  get pipelinable(): boolean {
    return this.request.pipelinable && this.#retries === 0; // what failed behind others goes alone (RFC 9112 §9.3.2)
  }

  queued(): void {
    this.clock.wait('queue');
  }

  connecting(): void {
    this.phase = 'connecting';
    this.listener?.({ type: 'connecting', origin: this.request.target.origin });
  }

  connected(lease: Lease): void {
    this.lease = lease;
    this.phase = 'sending';
    this.clock.stopWaiting();
    this.#reused = lease.served > 0;
    this.listener?.({ type: 'connected', connection: lease.socket.info, reused: this.#reused });
    if ((this.phase as ExchangePhase) === 'done') return; // whoever was told has left: the connection is as it was
    try {
      this.#write(lease, this.request);
    } catch (error) {
      this.#fail(error); // a body that does not keep to its framing
    }
  }

  #write(lease: Lease, request: PreparedRequest): void {
    const { plan, config } = request;
    const outbound = (this.outbound = lease.begin(this, request));
    if (plan === undefined || (plan.bytes !== undefined && config.trailers === undefined && !request.expectContinue)) {
      lease.write(request, outbound, plan?.bytes);
      if (plan?.bytes) this.uploaded(plan.bytes.length);
      return this.sent();
    }
    lease.write(request, outbound, undefined);
    this.#upload = new Upload(outbound, plan, config.trailers, this);
    if (request.expectContinue) this.clock.wait('continue');
    else this.#startUpload();
  }

  uploaded(bytes: number): void {
    this.listener?.({ type: 'upload', bytes, total: this.request.plan?.length });
  }

  uploadFailed(error: unknown): void {
    this.#fail(error);
  }

  sent(): void {
    if (this.phase === 'sending') {
      this.phase = 'waiting';
      this.clock.wait('head');
    }
    this.listener?.({ type: 'sent' });
  }

  informational(head: AnyResponseHead): void {
    const { status, fields } = head;
    if (this.informationals === NO_INFORMATIONALS) this.informationals = [];
    (this.informationals as Informational[]).push({ status, fields });
    this.listener?.({ type: 'informational', status, fields });
    if (status === 100 && this.clock.phase === 'continue') this.#startUpload(); // no later one means anything
  }

  head(head: AnyResponseHead, framing: number, transferCoding: string, contentLength: number): void {
    this.phase = 'body';
    this.body.begin(head.fields, transferCoding, contentLength);
    const { status, version } = head;
    let { fields } = head;
    const hint = fields.get('keep-alive');
    if (hint !== undefined) (this.lease as Lease).hint(hint);
    const { stores } = this.#context;
    if (stores !== undefined) learn(stores, this.request, head, this.socketInfo);
    if (framing !== FRAMING_NONE && this.request.decodes(head)) fields = this.body.decode(fields);
    this.listener?.({ type: 'head', status, version, fields });
    if ((this.phase as ExchangePhase) === 'done') return;
    if (status === 101 || (this.request.method === 'CONNECT' && status < 300)) {
      this.#upgradeHead = head;
      return;
    }
    if (framing !== FRAMING_NONE) this.clock.startBody();
    this.#respond(new ExchangeResponse(this, head, undefined, fields));
  }

  data(chunk: Uint8Array): void {
    this.body.next(chunk);
    if (isHeld()) this.clock.pauseBody();
  }

  progress(): void {
    if (this.phase !== 'body') return;
    if (this.body.claimed || !this.body.waiting) this.clock.wait('idle');
    else if (this.clock.phase !== 'unclaimed') this.clock.wait('unclaimed');
  }

  claimed(): void {
    if (this.clock.phase === 'unclaimed' && this.phase === 'body') this.clock.wait('idle');
  }

  cancelled(): void {
    this.cancel();
  }

  settle(): void {
    this.body.settle();
  }

  end(trailers: Fields | undefined): void {
    this.#finish();
    if (trailers !== undefined && trailers.size > 0) this.listener?.({ type: 'trailers', fields: trailers });
    this.body.complete(trailers);
  }

  released(): void {
    if (this.phase !== 'body') return;
    this.clock.resumeBody();
    if (this.clock.phase === 'idle') this.clock.wait('idle');
  }

  upgraded(socket: ByteSubject): void {
    this.#finish();
    this.#respond(new ExchangeResponse(this, this.#upgradeHead as AnyResponseHead, socket));
  }

  /** No connection was had, or it broke. */
  failed(error: unknown): void {
    if (this.#mayRetry(error)) this.#retry(error);
    else this.#fail(error);
  }

  #acquire(): void {
    this.phase = 'queued';
    this.listener?.({ type: 'queued' });
    (this.#pool = this.#context.pool(this.request)).acquire(this);
  }

  #startUpload(): void {
    this.clock.stopWaiting(); // nobody is waited for while we send
    this.#upload?.start();
  }

  reissue(request: ExchangeRequest): Observable<Response> {
    return this.#context.reissue(this, request);
  }

  #respond(response: Response): void {
    this.#responded = true;
    const { status } = response;
    if (status >= 300 && status < 400 && followFrom(this, response, this.#context, this.#subscriber)) return;
    this.#subscriber.next(response);
    this.#subscriber.complete();
  }

  #mayRetry(error: unknown): boolean {
    if (this.#retries >= this.#context.maxRetries || (this.phase !== 'sending' && this.phase !== 'waiting'))
      return false;
    return isSafeToRepeat(error, this.request, this.outbound, this.#reused);
  }

  #retry(error: unknown): void {
    this.#retries++;
    this.#upload?.stop();
    this.#upload = this.outbound = undefined;
    this.listener?.({ type: 'retried', error });
    this.#context.emit({ type: 'retried', url: this.request.target.url, error });
    this.#acquire();
  }

  expired(phase: WaitPhase | 'body' | 'total'): void {
    if (phase === 'continue') return this.#startUpload();
    if (phase === 'idle' && this.outbound?.consumerHolds) return; // wound again when released
    this.#fail(new TimeoutError(phase, this.clock.limits[phase]), true);
  }

  /** @param byUs the peer did nothing wrong that it would know of: this is a cancellation. */
  #fail(error: unknown, byUs = false): void {
    if (this.phase === 'done') return;
    if (byUs) this.cancel(error);
    else {
      this.#abandon();
      this.#finish();
    }
    if (this.#responded) this.body.error(error);
    else this.#subscriber.error(error);
  }

  /** Lets the connection go, whatever state it is in. */
  #abandon(): CancelEffect {
    if (this.outbound === undefined) {
      this.#pool?.withdraw(this);
      return 'withdrawn';
    }
    if (this.outbound.over) return 'none';
    this.#upload?.stop(); // or it would go on with what the connection lets go
    this.outbound.cancel();
    return (this.lease as Lease).cancelEffect;
  }

  #finish(): void {
    this.phase = 'done';
    this.clock.stop();
    this.#upload?.stop();
    this.#context.finished(this);
  }
}
