import type { Deadlines } from '../connections/timeouts.js';
import type { LinkedList } from '../connections/linked-list.js';
import type { ConnectionOptions } from './connection-options.js';
import type { ClientEvent } from './exchange-event.js';
import type { Exchange } from './exchange.js';
import type { Pool } from './pool.js';
import type { PreparedRequest } from './prepared-request.js';
import type { HeadDefaults } from './request-head.js';
import type { RequestConfig } from './request-config.js';
import type { ResolvedTimeouts } from './timeouts.js';

/** What the exchanges of one client share. */
export interface ClientContext {
  readonly defaults: HeadDefaults;
  readonly timeouts: ResolvedTimeouts;
  readonly maxRetries: number;
  readonly options: ConnectionOptions;
  readonly exchanges: LinkedList<Exchange>;
  readonly closed: boolean;
  /** The timers of a request: the client's unless it brings its own scheduler. */
  deadlines(config: RequestConfig): Deadlines;
  pool(request: PreparedRequest): Pool;
  emit(event: ClientEvent): void;
  /** An exchange has come to its end. */
  finished(exchange: Exchange): void;
  /** A fresh boundary for a multipart body: 24 random characters. */
  readonly boundary: () => string;
}
