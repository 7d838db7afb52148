import { Http2Server, type Http2ServerHooks, type Http2ServerOptions } from '../connections/http2-server.js';
import type { ServedSocket } from '../connections/served-connection.js';
import type { Deadlines } from '../connections/timeouts.js';
import { Http2Plain } from './http2-plain.js';
import { RunningHandlers } from './running-handlers.js';

/** An HTTP/2 connection with what it remembers of its plain responses, and the handlers at work for it. */
export class PlainHttp2Server extends Http2Server {
  readonly plain = new Http2Plain(this.connection.lanes.sender);
  readonly handlers: RunningHandlers;

  constructor(socket: ServedSocket, deadlines: Deadlines, options: Http2ServerOptions, hooks: Http2ServerHooks) {
    super(socket, deadlines, options, hooks);
    const { limits, own } = this.connection.lanes;
    const { maxHandlers, maxBacklog } = options.limits ?? {};
    const streams = own.maxConcurrentStreams ?? 0; // who allows more streams means more handlers
    this.handlers = new RunningHandlers(
      maxHandlers ?? Math.max(limits.maxHandlers, streams),
      maxBacklog ?? Math.max(limits.maxBacklog, streams),
    );
  }
}
