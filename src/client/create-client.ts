import {
  asyncScheduler,
  defer,
  map,
  merge,
  mergeMap,
  Observable,
  ReplaySubject,
  startWith,
  Subject,
  takeUntil,
  type SchedulerLike,
} from 'rxjs';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { ExchangeRequest } from '../../operators/exchange/exchange-request.js';
import { redirectedFields } from '../../operators/exchange/redirect-rules.js';
import { Fields } from '../../operators/http/fields.js';
import { LinkedList } from '../connections/linked-list.js';
import { ticks } from '../connections/ticks.js';
import { Deadlines } from '../connections/timeouts.js';
import { randomBoundary } from '../connections/random-boundary.js';
import type { Client } from './client.js';
import type { ClientContext } from './client-context.js';
import { count, type PoolOptions, poolOptions } from './client-options.js';
import { snapshot, waitingFor, type ClientStats } from './client-stats.js';
import { clientStores, type ClientStores } from './client-stores.js';
import type { WebSocketMessage } from '../../operators/websocket/message.js';
import type { WebSocketSubject } from '../connections/web-socket-subject.js';
import type { WebSocketConfig } from './web-socket-config.js';
import { webSocketOver } from './web-socket-over.js';
import { connect, type ConnectConfig } from './connect.js';
import { pickConnectionOptions, sameConnectionOptions, type ConnectionOptions } from './connection-options.js';
import { Exchange } from './exchange.js';
import type { ClientEvent, ExchangeEvent } from './exchange-event.js';
import { versionsOf } from './dial.js';
import { Pool } from './pool.js';
import type { HeadDefaults } from './request-head.js';
import type { ClientConfig, RequestConfig } from './request-config.js';
import type { Response } from './response.js';
import { ResponseSource } from './response-source.js';
import { type Predecessor, PreparedRequest } from './prepared-request.js';
import type { ProxyAddress } from './proxy-address.js';
import { checkRedirectConfig, type RedirectConfig } from './redirect-config.js';
import { type ProxyChoice, readProxyChoice, sameRoute } from './route.js';
import { DEFAULT_TIMEOUTS, resolveTimeouts } from './timeouts.js';
import { tellInformational } from './tell-informational.js';
import { TlsSessions } from './tls-sessions.js';

const SECOND = 1000;

/**
 * Makes a client with a keep-alive pool of its own. Connections are shared only between requests whose whole connection
 * identity is the same.
 *
 * @throws `UsageError` `INVALID_OPTION`, `INVALID_TIMEOUT`, `INVALID_LIMIT`.
 * @example
 * ```ts
 * import { createClient } from 'rxweir';
 * import { text } from 'rxweir/operators';
 * const client = createClient({ timeout: { head: 5000 }, maxConnections: 8 });
 * client.request('http://127.0.0.1:8080/').pipe(text()).subscribe(console.log);
 * ```
 */
export function createClient(config: ClientConfig = {}): Client {
  return new PoolingClient(config);
}

class PoolingClient implements Client, ClientContext {
  readonly defaults: HeadDefaults;
  readonly timeouts;
  readonly maxRetries: number;
  readonly options: ConnectionOptions;
  readonly redirects: RedirectConfig;
  readonly proxies: readonly ProxyAddress[] | 'environment';
  readonly stores: ClientStores | undefined;
  readonly exchanges = new LinkedList<Exchange>();
  readonly boundary = randomBoundary;
  readonly events$: Observable<ClientEvent>;
  readonly stats$: Observable<ClientStats>;
  closed = false;
  readonly #scheduler: SchedulerLike;
  readonly #deadlines: Deadlines;
  readonly #foreignDeadlines = new WeakMap<SchedulerLike, Deadlines>();
  readonly #pools = new Map<string, Pool[]>();
  readonly #poolOptions: PoolOptions;
  readonly #sessions: TlsSessions;
  readonly #proxy: ProxyChoice | undefined;
  readonly #events = new Subject<ClientEvent>();
  readonly #over = new ReplaySubject<void>(1);
  #crossedDefaults: HeadDefaults | undefined;
  /** Redirected exchanges between one hop and the next, or on one. */
  #chains = 0;

  constructor(config: ClientConfig) {
    this.defaults = {
      fields: config.headers === undefined ? undefined : new Fields(config.headers),
      plain: new WeakMap(),
      decompress: config.decompress ?? true,
      userAgent: new Fields({ 'user-agent': config.userAgent ?? 'rxweir' }).get('user-agent') ?? '',
    };
    this.timeouts = resolveTimeouts(DEFAULT_TIMEOUTS, config.timeout);
    this.maxRetries = count('maxRetries', config.maxRetries, 1, 0);
    this.options = pickConnectionOptions(config);
    checkRedirectConfig(config);
    this.redirects = config;
    this.#proxy = config.proxy;
    this.proxies = readProxyChoice(config.proxy);
    this.stores = clientStores(config);
    this.#scheduler = config.scheduler ?? asyncScheduler;
    this.#deadlines = new Deadlines(this.#scheduler);
    this.#poolOptions = poolOptions(config);
    this.#sessions = new TlsSessions(count('maxTlsSessions', config.maxTlsSessions, 100, 0));
    const seconds = ticks(this.#deadlines, SECOND).pipe(takeUntil(this.#over));
    this.stats$ = seconds.pipe(
      startWith(undefined),
      map(() => this.#snapshot()),
    );
    this.events$ = merge(this.#events, seconds.pipe(mergeMap(() => this.#stalls())));
  }

  request(input: string | URL | RequestConfig): Observable<Response> {
    const config = toConfig(input);
    return this.#exchange(config, this.#preparing(config), tellInformational(config));
  }

  reissue({ request, chain, listener }: Exchange, next: ExchangeRequest): Observable<Response> {
    // Read when it is subscribed to: only what is issued before the end of a chain is part of it.
    const previous = (): Predecessor => ({ request, chain: chain?.open === true ? chain : undefined });
    const config = next as RequestConfig;
    return this.#exchange(config, this.#preparing(config, previous), listener);
  }

  #exchange(
    config: RequestConfig,
    prepare: () => PreparedRequest,
    listener?: (event: ExchangeEvent) => void,
  ): Observable<Response> {
    return new ResponseSource(config, (subscriber) => {
      const exchange = new Exchange(this, prepare(), subscriber, listener);
      exchange.start();
      return exchange;
    });
  }

  requestEvents(input: string | URL | RequestConfig): Observable<ExchangeEvent> {
    const config = toConfig(input);
    const prepare = this.#preparing(config);
    return new Observable((subscriber) => {
      const response = this.#exchange(config, prepare, (event) => subscriber.next(event));
      subscriber.add(
        response.subscribe({
          next: ({ body }) => {
            subscriber.add(
              body.subscribe({
                next: (chunk) => subscriber.next({ type: 'body', chunk }),
                error: (error: unknown) => subscriber.error(error),
                complete: () => {
                  subscriber.next({ type: 'end' });
                  subscriber.complete();
                },
              }),
            );
          },
          error: (error: unknown) => subscriber.error(error),
        }),
      );
    });
  }

  readonly connect = ((config: string | URL | ConnectConfig) => {
    const { options, timeouts } = this;
    const { limits } = this.#poolOptions;
    const own = typeof config === 'string' || config instanceof URL ? { url: config } : config;
    return connect({
      ...options,
      proxy: this.#proxy,
      limits,
      timeout: timeouts.connect,
      scheduler: this.#scheduler,
      ...own,
    });
  }) as typeof connect;

  webSocket<In = WebSocketMessage, Out = In>(
    input: string | URL | WebSocketConfig<In, Out>,
  ): WebSocketSubject<In, Out> {
    return webSocketOver<In, Out>((config) => this.request(config), input, this.#scheduler);
  }

  close(): Observable<void> {
    return defer(() => {
      if (!this.closed) {
        this.closed = true;
        for (const pools of this.#pools.values()) for (const pool of pools) pool.close();
        this.#endIfOver();
      }
      return this.#over;
    });
  }

  deadlines(config: RequestConfig): Deadlines {
    const { scheduler } = config;
    if (scheduler === undefined || scheduler === this.#scheduler) return this.#deadlines;
    let deadlines = this.#foreignDeadlines.get(scheduler);
    if (deadlines === undefined) {
      deadlines = new Deadlines(scheduler);
      this.#foreignDeadlines.set(scheduler, deadlines);
    }
    return deadlines;
  }

  get crossedDefaults(): HeadDefaults {
    const { fields } = this.defaults;
    return (this.#crossedDefaults ??= {
      ...this.defaults,
      plain: new WeakMap(),
      fields: fields && redirectedFields(fields, false, true),
    });
  }

  pool({ target, options, route, deadlines, config }: PreparedRequest): Pool {
    const versions = versionsOf(config.version, target, route, this.#poolOptions.http2.h2c);
    let pools = this.#pools.get(target.origin);
    if (pools === undefined) {
      this.#dropEmpty();
      pools = [];
      this.#pools.set(target.origin, pools);
    }
    for (const pool of pools) {
      if (pool.versions !== versions || !sameRoute(pool.route, route)) continue;
      if (sameConnectionOptions(pool.options, options)) return pool;
    }
    const pool = new Pool(target, options, route, versions, this.#poolOptions, deadlines, this.#sessions);
    pools.push(pool);
    if (this.closed) pool.close(); // for the hops of what was under way
    return pool;
  }

  emit(event: ClientEvent): void {
    this.#events.next(event);
  }

  finished(exchange: Exchange): void {
    this.exchanges.delete(exchange);
    if (this.closed && this.exchanges.size === 0) this.#scheduler.schedule(() => this.#endIfOver()); // whoever waits for it is told first
  }

  redirecting(change: 1 | -1): void {
    this.#chains += change;
    if (this.closed) this.#endIfOver();
  }

  #endIfOver(): void {
    if (this.exchanges.size > 0 || this.#chains > 0) return;
    this.#events.complete();
    this.#over.next();
    this.#over.complete();
  }

  /**
   * Prepares at a subscription, where errors have a channel to go down; at the first one only, where nothing is remembered that may
   * change between them.
   */
  #preparing(config: RequestConfig, previous?: () => Predecessor): () => PreparedRequest {
    let prepared: PreparedRequest | undefined;
    return () => {
      const before = previous?.();
      if (this.closed && before?.chain === undefined) {
        throw new UsageError('CLIENT_CLOSED', 'this client has been closed');
      }
      if (prepared !== undefined && this.stores === undefined) return prepared;
      return (prepared = new PreparedRequest(this, config, before, prepared?.plan));
    };
  }

  /** Origins come and go; those with nothing in them are forgotten before a new one is remembered. */
  #dropEmpty(): void {
    for (const [origin, pools] of this.#pools) if (pools.every((pool) => pool.empty)) this.#pools.delete(origin);
  }

  #snapshot(): ClientStats {
    return snapshot([...this.#pools.values()].flat(), this.exchanges, this.#scheduler.now());
  }

  #stalls(): ClientEvent[] {
    const now = this.#scheduler.now();
    const stalls: ClientEvent[] = [];
    for (const exchange of this.exchanges) {
      const { who, since } = waitingFor(exchange);
      const milliseconds = now - since;
      if (milliseconds < SECOND) continue;
      stalls.push({ type: 'stall', url: exchange.request.target.url, waitingFor: who, milliseconds });
    }
    return stalls;
  }
}

function toConfig(input: string | URL | RequestConfig): RequestConfig {
  return typeof input !== 'object' || input === null || input instanceof URL ? { url: input } : input;
}
