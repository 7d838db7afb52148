import { Http2Server } from '../connections/http2-server.js';
import { Http2Plain } from './http2-plain.js';

/** An HTTP/2 connection with what it remembers of its plain responses. */
export class PlainHttp2Server extends Http2Server {
  readonly plain = new Http2Plain(this.connection.lanes.sender);
}
