/**
 * The server's part of the opening handshake: over HTTP/1.1 the answer to an Upgrade (RFC 6455 §4.2), over HTTP/2 to an
 * extended CONNECT (RFC 8441 §5).
 */
import { ProtocolError } from '../core/protocol-error.js';
import { Fields, type FieldsInit } from '../http/fields.js';
import type { WebSocketAgreement } from './client-handshake.js';
import { isWebSocketKey, webSocketAccept } from './handshake-key.js';
import { hasMember } from './has-member.js';
import { acceptDeflate, type DeflateConfig } from './permessage-deflate.js';
import { type OriginPolicy, mayConnect } from './origin-policy.js';
import { chooseSubprotocol, parseSubprotocols, type SubprotocolChoice } from './subprotocol.js';
import { formatWebSocketExtension, parseWebSocketExtensions, type WebSocketExtension } from './websocket-extensions.js';

/** The head of the request, as any HTTP server here gives it. */
export interface HandshakeRequest {
  readonly version: '1.0' | '1.1' | '2';
  readonly method: string;
  /** Host and port the request is for, as it gives them. */
  readonly authority: string;
  readonly fields: Fields;
  /** `:protocol` of an extended CONNECT. */
  readonly protocol?: string | undefined;
}

export interface ServerHandshakeConfig {
  /** Subprotocols this server speaks; the client's order decides. A function decides by itself. */
  readonly protocols?: SubprotocolChoice | undefined;
  /** Which pages may connect; by default those of the same host, and clients that are no browsers. */
  readonly origin?: OriginPolicy | undefined;
  /** Accept permessage-deflate; off by default. */
  readonly deflate?: DeflateConfig | undefined;
  /** Fields to add to the response. */
  readonly fields?: FieldsInit | undefined;
}

/** The answer to send: accepted with 101 or 200, or refused with `error`, whose `wireCode` is the status. */
export interface HandshakeAnswer {
  readonly status: number;
  readonly fields: Fields;
  /** undefined where it is refused. */
  readonly agreement: WebSocketAgreement | undefined;
  readonly error: ProtocolError | undefined;
}

const VERSION = '13';

/**
 * Answers an opening handshake.
 *
 * Refused are, with 405 a method other than GET (over HTTP/2: CONNECT); with 426 a request that does not upgrade to
 * websocket or is of another version of it than 13; with 403 an origin the policy turns away; with 400 one over HTTP/1.0,
 * without `Connection: Upgrade`, without a key of 16 bytes, or with malformed subprotocols or extensions.
 *
 * @throws UsageError `INVALID_SUBPROTOCOL`, `INVALID_DEFLATE_CONFIG`, and what a function of the config throws
 * @example
 * ```ts
 * import { answerHandshake, Fields } from 'rxweir/operators';
 * const fields = new Fields({ upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-version': '13' });
 * answerHandshake({ version: '1.1', method: 'GET', authority: 'a.example', fields }).status; // 400: no key
 * ```
 */
export function answerHandshake(request: HandshakeRequest, config: ServerHandshakeConfig = {}): HandshakeAnswer {
  const { fields, version } = request;
  const refusal = version === '2' ? refuseConnect(request) : refuseUpgrade(request);
  if (refusal !== undefined) return refusal;
  if (!mayConnect(fields.getAll('origin'), request.authority, config.origin)) {
    return refuse(403, 'ORIGIN_REFUSED', 'pages of that origin may not connect');
  }
  const offered = fields.getCombined('sec-websocket-protocol');
  const protocols = offered === undefined ? [] : parseSubprotocols(offered);
  if (protocols === undefined) return badRequest('Sec-WebSocket-Protocol is malformed');
  const listed = fields.getCombined('sec-websocket-extensions');
  const extensions = listed === undefined ? [] : parseWebSocketExtensions(listed);
  if (extensions === undefined) return badRequest('Sec-WebSocket-Extensions is malformed');
  return accept(request, config, protocols, extensions);
}

function accept(
  { version, fields }: HandshakeRequest,
  config: ServerHandshakeConfig,
  protocols: readonly string[],
  extensions: readonly WebSocketExtension[],
): HandshakeAnswer {
  const answer = config.fields === undefined ? new Fields() : new Fields(config.fields);
  if (version !== '2') {
    answer.set('upgrade', 'websocket').set('connection', 'Upgrade');
    answer.set('sec-websocket-accept', webSocketAccept(fields.get('sec-websocket-key') as string));
  }
  const protocol = chooseSubprotocol(protocols, config.protocols);
  if (protocol !== undefined) answer.set('sec-websocket-protocol', protocol);
  const deflate = config.deflate && acceptDeflate(extensions, config.deflate);
  if (deflate !== undefined) answer.set('sec-websocket-extensions', formatWebSocketExtension(deflate.extension));
  const agreement = { protocol: protocol ?? '', deflate: deflate?.parameters };
  return { status: version === '2' ? 200 : 101, fields: answer, agreement, error: undefined };
}

function refuseUpgrade({ version, method, fields }: HandshakeRequest): HandshakeAnswer | undefined {
  if (method !== 'GET') return wrongMethod('GET');
  if (version === '1.0') return badRequest('the request is of HTTP/1.0');
  if (!hasMember(fields, 'upgrade', 'websocket')) {
    return refuse(426, 'UPGRADE_REQUIRED', 'the request does not upgrade to websocket', {
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-version': VERSION,
    });
  }
  if (!hasMember(fields, 'connection', 'upgrade')) return badRequest('Connection does not say Upgrade');
  const keys = fields.getAll('sec-websocket-key');
  if (keys.length !== 1 || !isWebSocketKey(keys[0] as string)) return badRequest('no Sec-WebSocket-Key of 16 bytes');
  return refuseVersion(fields, { upgrade: 'websocket', connection: 'Upgrade' });
}

function refuseConnect({ method, protocol, fields }: HandshakeRequest): HandshakeAnswer | undefined {
  if (method !== 'CONNECT') return wrongMethod('CONNECT');
  if (protocol?.toLowerCase() !== 'websocket') return badRequest('the request does not ask for websocket');
  return refuseVersion(fields, {});
}

function refuseVersion(fields: Fields, upgrade: Record<string, string>): HandshakeAnswer | undefined {
  const versions = fields.getAll('sec-websocket-version');
  if (versions.length === 1 && versions[0] === VERSION) return undefined;
  return refuse(426, 'WEBSOCKET_VERSION', 'only version 13 of the protocol is spoken here', {
    ...upgrade,
    'sec-websocket-version': VERSION,
  });
}

function wrongMethod(allowed: string): HandshakeAnswer {
  return refuse(405, 'METHOD_NOT_ALLOWED', `a WebSocket is opened by ${allowed}`, { allow: allowed });
}

function badRequest(message: string): HandshakeAnswer {
  return refuse(400, 'BAD_HANDSHAKE', message);
}

function refuse(status: number, code: string, message: string, fields: Record<string, string> = {}): HandshakeAnswer {
  const error = new ProtocolError(code, message, { scope: 'message', wireCode: status });
  return { status, fields: new Fields(fields), agreement: undefined, error };
}
