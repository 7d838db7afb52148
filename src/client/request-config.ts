import type { Observable, SchedulerLike } from 'rxjs';
import type { BodySource } from '../../operators/body/body-source.js';
import type { ContentCoding } from '../../operators/body/content-coding.js';
import type { BodyCoding } from '../../operators/body/encode-plan.js';
import type { FieldsInit } from '../../operators/http/fields.js';
import type { Http1Limits } from '../../operators/http1/limits.js';
import type { Priority } from '../../operators/http2/priority-field.js';
import type { Http2Config } from '../connections/http2-config.js';
import type { CookieStore } from '../stores/cookie-store.js';
import type { HstsStore } from '../stores/hsts-store.js';
import type { ConnectionOptions } from './connection-options.js';
import type { Informational } from './exchange-event.js';
import type { RedirectConfig } from './redirect-config.js';
import type { ProxyChoice } from './route.js';
import type { ClientTimeouts } from './timeouts.js';

/** One request. A plain object, never mutated; subscribing to `request(config)` sends it. */
export interface RequestConfig extends ConnectionOptions, RedirectConfig {
  readonly url: string | URL;
  /** Default `GET`. */
  readonly method?: string | undefined;
  readonly headers?: FieldsInit | undefined;
  readonly body?: BodySource | undefined;
  /** Sent after a chunked body; a function is called when the body has ended. */
  readonly trailers?: FieldsInit | (() => FieldsInit) | undefined;
  /**
   * Speaks only this. Not set: over TLS what the server picks of HTTP/2 and 1.1, else 1.1. `2` without TLS is prior
   * knowledge.
   */
  readonly version?: '1.0' | '1.1' | '2' | undefined;
  /** Request target sent in place of the path and query: `*`, `host:port` for CONNECT, or the absolute form. */
  readonly target?: string | undefined;
  /** Milliseconds in all, or limits by name. */
  readonly timeout?: number | ClientTimeouts | undefined;
  /** Clock of all its time limits; default the client's. */
  readonly scheduler?: SchedulerLike | undefined;
  /** Send `Expect: 100-continue` and wait for it before the body. */
  readonly expectContinue?: boolean | undefined;
  /** Called with each interim response as it comes (RFC 9110 §15.2); the final one lists them all. */
  readonly onInformational?: ((response: Informational) => void) | undefined;
  /** HTTP/2: its place among the requests of one connection (RFC 9218); an Observable changes it while it is under way. */
  readonly priority?: Priority | Observable<Priority> | undefined;
  /** Protocol to change to: by `Upgrade`, or over HTTP/2 by extended CONNECT. The response then carries `upgraded`. */
  readonly upgrade?: string | undefined;
  /** Ask for gzip as a transfer coding (`TE: gzip`); the body is inflated on the way. */
  readonly transferCoding?: boolean | undefined;
  /**
   * Ask for content codings (gzip, deflate, br, and zstd where Node has it) and undo them: the body and the fields are then those of
   * the content, without Content-Encoding and Content-Length. A 206 is given as it comes. Default true.
   */
  readonly decompress?: boolean | undefined;
  /**
   * Puts a content coding on the body as it is sent, and says so in Content-Encoding: its name, or with how hard to try and when to flush.
   * The length is then unknown, a Content-Length of `headers` is left out. Whether the server takes it is for the caller to know.
   */
  readonly compress?: ContentCoding | BodyCoding | undefined;
  /** The way to the server. Default none: the client's, and that is straight. */
  readonly proxy?: ProxyChoice | undefined;
  /** `false` neither sends nor keeps the client's cookies, on this request and where it is redirected to. */
  readonly cookies?: false | undefined;
  /** For the client's cookies: the URL or host on whose behalf it is made, for SameSite; not set, its own. */
  readonly siteForCookies?: string | undefined;
  /** For the client's cookies: it is what a user sees change, so that Lax cookies come along from other sites. Default false. */
  readonly topLevel?: boolean | undefined;
}

export interface ClientConfig extends ConnectionOptions, RedirectConfig {
  /** Laid under every request's own. A redirect to another origin takes only those along that name nobody. */
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
  /** TLS sessions kept to be resumed, the last one of each kind of connection; the longest unused is given up. Default 100. */
  readonly maxTlsSessions?: number | undefined;
  /** Times an idempotent request is sent again when the connection it reused died before answering. Default 1. */
  readonly maxRetries?: number | undefined;
  /** Value of `user-agent` where the request has none; an empty string sends none. Default `rxweir`. */
  readonly userAgent?: string | undefined;
  /** As in {@link RequestConfig}. Default true. */
  readonly decompress?: boolean | undefined;
  /** Goes for all requests that do not say otherwise. Default none; the environment is asked where it says `environment`. */
  readonly proxy?: ProxyChoice | undefined;
  /**
   * Cookies received are kept here, and sent from here. Default none. A store is one user: whoever shares it, or the client, shares
   * the cookies.
   */
  readonly cookies?: CookieStore | undefined;
  /** Hosts that want TLS only are learned into it, and spoken to in no other way. Default none. */
  readonly hsts?: HstsStore | undefined;
  readonly limits?: Partial<Http1Limits> | undefined;
  /** Bounds and settings of HTTP/2 connections. */
  readonly http2?: Http2ClientConfig | undefined;
}

/** What is special to HTTP/2; the setting `enablePush` lets servers push, see `requestEvents`. */
export interface Http2ClientConfig extends Http2Config {
  /**
   * Tries `Upgrade: h2c` on connections without TLS (RFC 7540 §3.2), and speaks HTTP/1.1 where the server does not follow.
   * Off by default: RFC 9113 has given it up; where the server is known to speak HTTP/2, say `version: '2'`.
   */
  readonly h2c?: boolean | undefined;
  /** Milliseconds between PINGs on connections with requests under way; default 0, none. */
  readonly pingInterval?: number | undefined;
  /** Milliseconds in which a PING, or our SETTINGS, are to be acknowledged. Default 10 000. */
  readonly pingTimeout?: number | undefined;
}
