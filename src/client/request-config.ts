import type { SchedulerLike } from 'rxjs';
import type { BodySource } from '../../operators/body/body-source.js';
import type { FieldsInit } from '../../operators/http/fields.js';
import type { Http1Limits } from '../../operators/http1/limits.js';
import type { ConnectionOptions } from './connection-options.js';
import type { ClientTimeouts } from './timeouts.js';

/** One request. A plain object, never mutated; subscribing to `request(config)` sends it. */
export interface RequestConfig extends ConnectionOptions {
  readonly url: string | URL;
  /** Default `GET`. */
  readonly method?: string | undefined;
  readonly headers?: FieldsInit | undefined;
  readonly body?: BodySource | undefined;
  /** Sent after a chunked body; a function is called when the body has ended. */
  readonly trailers?: FieldsInit | (() => FieldsInit) | undefined;
  readonly version?: '1.0' | '1.1' | undefined;
  /** Request target sent in place of the path and query: `*`, `host:port` for CONNECT, or the absolute form. */
  readonly target?: string | undefined;
  /** Milliseconds in all, or limits by name. */
  readonly timeout?: number | ClientTimeouts | undefined;
  /** Clock of all its time limits; default the client's. */
  readonly scheduler?: SchedulerLike | undefined;
  /** Send `Expect: 100-continue` and wait for it before the body. */
  readonly expectContinue?: boolean | undefined;
  /** Protocol asked for by `Upgrade`; a 101 response then carries `upgraded`. */
  readonly upgrade?: string | undefined;
  /** Ask for gzip as a transfer coding (`TE: gzip`); the body is inflated on the way. */
  readonly transferCoding?: boolean | undefined;
}

export interface ClientConfig extends ConnectionOptions {
  /** Laid under every request's own. */
  readonly headers?: FieldsInit | undefined;
  readonly timeout?: number | ClientTimeouts | undefined;
  readonly scheduler?: SchedulerLike | undefined;
  /** Connections to one origin; further requests wait. Default 256. */
  readonly maxConnections?: number | undefined;
  /** Requests waiting for a connection to one origin; one more fails with `QUEUE_LIMIT`. Default 10 000. */
  readonly maxQueued?: number | undefined;
  /** How long an idle connection is kept, in milliseconds; a server's `Keep-Alive: timeout` can shorten it. Default 4000. */
  readonly keepAlive?: number | undefined;
  /** Requests in flight on one HTTP/1 connection; above 1, idempotent ones are pipelined. Default 1. */
  readonly pipelining?: number | undefined;
  /** Times an idempotent request is sent again when the connection it reused died before answering. Default 1. */
  readonly maxRetries?: number | undefined;
  /** Value of `user-agent` where the request has none; an empty string sends none. Default `rxweir`. */
  readonly userAgent?: string | undefined;
  readonly limits?: Partial<Http1Limits> | undefined;
}
