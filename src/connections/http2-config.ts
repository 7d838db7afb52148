import type { Http2Limits } from '../../operators/http2/connection-options.js';
import type { Settings } from '../../operators/http2/settings.js';

/** What is special to HTTP/2 connections: their bounds, and what is announced to the peer in place of the defaults. */
export interface Http2Config extends Partial<Http2Limits> {
  readonly settings?: Partial<Settings> | undefined;
}

/** The same for a server. */
export interface Http2ServerConfig extends Http2Config {
  /** Milliseconds between PINGs on connections with requests under way; default 0, none. */
  readonly pingInterval?: number | undefined;
  /** Milliseconds in which a PING is to be answered; the connection ends else. Default 10 000. */
  readonly pingTimeout?: number | undefined;
}
