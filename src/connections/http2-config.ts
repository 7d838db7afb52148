import type { Http2Limits } from '../../operators/http2/connection-options.js';
import type { Settings } from '../../operators/http2/settings.js';

/** What is special to HTTP/2 connections: their bounds, and what is announced to the peer in place of the defaults. */
export interface Http2Config extends Partial<Http2Limits> {
  readonly settings?: Partial<Settings> | undefined;
}
