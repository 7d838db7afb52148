import type { Http1Limits } from './limits.js';
import type { ServerExchange } from './server-exchange.js';

/** What the owner of a server connection learns of it. */
export interface ServerConnectionHooks {
  /** A request head has been read; the exchange waits for its response. */
  request(exchange: ServerExchange): void;
  /** What was being read is refused: `exchange`, the last one, is for saying why once it has its turn. */
  refused(exchange: ServerExchange, error: unknown): void;
  /** Something was read, written or let go: look at `reading`, `unanswered` and `unsent` again. */
  progress(): void;
  /** Never again; called once. */
  closed(error: unknown): void;
}

export interface ServerConnectionOptions {
  readonly limits?: Partial<Http1Limits> | undefined;
  /** Requests read ahead of their responses before reading stops; default 16. */
  readonly maxPipelined?: number | undefined;
  /** Requests served on one connection; the last answer says `connection: close`. Default 1000. */
  readonly maxRequests?: number | undefined;
  /** Bytes of an unread request body that are read and dropped to keep the connection; default 65 536. */
  readonly maxDrain?: number | undefined;
}
