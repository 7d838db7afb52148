import { ProtocolError } from '../../operators/core/protocol-error.js';
import { splitAuthority } from '../../operators/http/authority.js';
import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import { parseRequestTarget } from '../../operators/http1/request-target.js';
import type { DecodedHead } from '../../operators/http2/head-reader.js';
import type { Http2Stream } from '../../operators/http2/stream.js';
import type { TlsInfo } from '../sockets/byte-duplex.js';
import { infoOf } from '../sockets/socket-info.js';
import type { Http1Carrier, Http2Carrier } from './carrier.js';
import { refuse, refuseStream } from './refuse.js';
import type { RespondContext } from './respond-context.js';

/**
 * Where certificates go by name, a request is for the name its connection was made for: whoever came in by one certificate
 * does not reach what is behind another (RFC 9110 §15.5.20, RFC 9113 §9.1.2). Refuses others with 421; whether it did.
 */
export function misdirected(context: RespondContext, exchange: ServerExchange, server: Http1Carrier): boolean {
  const { tls } = infoOf(server.socket.info);
  if (tls?.covers === undefined || exchange.request === undefined) return false;
  const { method, target, fields } = exchange.request;
  const own = target.charCodeAt(0) === 0x2f ? '' : parseRequestTarget(method, target)?.authority;
  const authority = own || (fields.get('host') ?? '');
  if (covers(tls, authority)) return false;
  refuse(context, exchange, server, 421, wrongHost(authority));
  return true;
}

export function misdirectedStream(
  context: RespondContext,
  stream: Http2Stream,
  head: DecodedHead,
  { socket }: Pick<Http2Carrier, 'socket'>,
): boolean {
  const { tls } = infoOf(socket.info);
  if (tls?.covers === undefined) return false;
  const authority = (head.request as { authority?: string }).authority ?? head.fields().get('host') ?? '';
  if (covers(tls, authority)) return false;
  refuseStream(context, stream, socket, 421, wrongHost(authority));
  return true;
}

/** A request of HTTP/1.0 may name no host; then it is for the certificate it was shown. */
function covers(tls: TlsInfo, authority: string): boolean {
  const host = splitAuthority(authority)?.host ?? '';
  return host === '' || tls.covers?.(host) !== false;
}

function wrongHost(authority: string): ProtocolError {
  const text = `the connection was not made for ${JSON.stringify(authority)}`;
  return new ProtocolError('MISDIRECTED', text, { scope: 'message', wireCode: 421 });
}
