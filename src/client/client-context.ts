import type { Observable } from 'rxjs';
import type { Deadlines } from '../connections/timeouts.js';
import type { LinkedList } from '../connections/linked-list.js';
import type { ConnectionOptions } from './connection-options.js';
import type { ClientEvent } from './exchange-event.js';
import type { ExchangeRequest } from '../../operators/exchange/exchange-request.js';
import type { ClientStores } from './client-stores.js';
import type { Exchange } from './exchange.js';
import type { Pool } from './pool.js';
import type { PreparedRequest } from './prepared-request.js';
import type { ProxyAddress } from './proxy-address.js';
import type { RedirectConfig } from './redirect-config.js';
import type { HeadDefaults } from './request-head.js';
import type { RequestConfig } from './request-config.js';
import type { Response } from './response.js';
import type { ResolvedTimeouts } from './timeouts.js';

/** What the exchanges of one client share. */
export interface ClientContext {
  readonly defaults: HeadDefaults;
  readonly timeouts: ResolvedTimeouts;
  readonly maxRetries: number;
  readonly options: ConnectionOptions;
  /** What of `defaults` goes for requests that have left the origin they began with. */
  readonly crossedDefaults: HeadDefaults;
  readonly redirects: RedirectConfig;
  readonly proxies: readonly ProxyAddress[] | 'environment';
  /** undefined where it remembers nothing. */
  readonly stores: ClientStores | undefined;
  readonly exchanges: LinkedList<Exchange>;
  readonly closed: boolean;
  /** The timers of a request: the client's unless it brings its own scheduler. */
  deadlines(config: RequestConfig): Deadlines;
  pool(request: PreparedRequest): Pool;
  /** A request that follows up the response of an exchange. Cold. */
  reissue(from: Exchange, request: ExchangeRequest): Observable<Response>;
  /** One more, or one fewer, goes on from one exchange to the next. */
  redirecting(change: 1 | -1): void;
  emit(event: ClientEvent): void;
  /** An exchange has come to its end. */
  finished(exchange: Exchange): void;
  /** A fresh boundary for a multipart body: 24 random characters. */
  readonly boundary: () => string;
}
