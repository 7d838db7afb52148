/**
 * The client's part of the opening handshake: over HTTP/1.1 an Upgrade (RFC 6455 §4.1), over HTTP/2 an extended CONNECT
 * without key and without Upgrade (RFC 8441 §5).
 */
import { ProtocolError } from '../core/protocol-error.js';
import { trimOws } from '../http/field-syntax.js';
import { Fields } from '../http/fields.js';
import { webSocketAccept, webSocketKey } from './handshake-key.js';
import { hasMember } from './has-member.js';
import {
  type DeflateConfig,
  type DeflateParameters,
  offerDeflate,
  PERMESSAGE_DEFLATE,
  readDeflateAnswer,
} from './permessage-deflate.js';
import { checkSubprotocols } from './subprotocol.js';
import { formatWebSocketExtension, parseWebSocketExtensions } from './websocket-extensions.js';

export interface ClientHandshakeConfig {
  /** Which HTTP carries it. */
  readonly version: '1.1' | '2';
  /** 16 random bytes; used over HTTP/1.1. */
  readonly random: Uint8Array;
  /** Subprotocols to offer, the most wanted first. */
  readonly protocols?: readonly string[] | undefined;
  /** Offer permessage-deflate. */
  readonly deflate?: DeflateConfig | undefined;
}

/** The head of the response, as any HTTP client here gives it. */
export interface HandshakeResponse {
  readonly status: number;
  readonly fields: Fields;
}

/** What both sides agreed on. */
export interface WebSocketAgreement {
  /** The subprotocol, or ''. */
  readonly protocol: string;
  readonly deflate: DeflateParameters | undefined;
}

/**
 * One opening handshake in the client role.
 *
 * @example
 * ```ts
 * import { ClientHandshake, Fields, webSocketAccept } from 'rxweir/operators';
 * const handshake = new ClientHandshake({ version: '1.1', random: new Uint8Array(16), protocols: ['chat'] });
 * handshake.fields.get('upgrade'); // 'websocket'
 * const accept = webSocketAccept(handshake.fields.get('sec-websocket-key') ?? '');
 * const fields = { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-accept': accept };
 * handshake.check({ status: 101, fields: new Fields(fields) }); // { protocol: '', deflate: undefined }
 * ```
 */
export class ClientHandshake {
  /** GET, or `CONNECT` with `:protocol: websocket`. */
  readonly method: 'GET' | 'CONNECT';
  /** Fields of the request, to be added to those of the caller. */
  readonly fields: Fields;
  readonly #config: ClientHandshakeConfig;
  readonly #key: string;

  /** @throws UsageError `INVALID_WEBSOCKET_KEY`, `INVALID_SUBPROTOCOL`, `INVALID_DEFLATE_CONFIG` */
  constructor(config: ClientHandshakeConfig) {
    const { protocols = [], deflate } = config;
    checkSubprotocols(protocols);
    this.#config = { ...config, protocols: [...protocols] };
    this.#key = config.version === '2' ? '' : webSocketKey(config.random);
    this.method = config.version === '2' ? 'CONNECT' : 'GET';
    const fields = (this.fields = new Fields());
    if (config.version !== '2') {
      fields.append('upgrade', 'websocket').append('connection', 'Upgrade').append('sec-websocket-key', this.#key);
    }
    fields.append('sec-websocket-version', '13');
    if (protocols.length > 0) fields.append('sec-websocket-protocol', protocols.join(', '));
    if (deflate) fields.append('sec-websocket-extensions', formatWebSocketExtension(offerDeflate(deflate)));
  }

  /**
   * Checks the response.
   *
   * @throws ProtocolError `HANDSHAKE_REFUSED` for a final status that is not the one that accepts; `BAD_HANDSHAKE` for an
   *   answer that does not fit what was asked. The connection is of no use then.
   */
  check(response: HandshakeResponse): WebSocketAgreement {
    const { status, fields } = response;
    const overHttp2 = this.#config.version === '2';
    if (overHttp2 ? status < 200 || status > 299 : status !== 101) {
      throw new ProtocolError('HANDSHAKE_REFUSED', `the server answered ${status}`, { wireCode: 0 });
    }
    if (!overHttp2) this.#checkUpgrade(fields);
    return { protocol: this.#protocol(fields), deflate: this.#extensions(fields) };
  }

  #checkUpgrade(fields: Fields): void {
    const upgrade = fields.getAll('upgrade');
    if (upgrade.length !== 1 || trimOws(upgrade[0] as string).toLowerCase() !== 'websocket') {
      throw badHandshake('the response does not upgrade to websocket');
    }
    if (!hasMember(fields, 'connection', 'upgrade')) throw badHandshake('Connection does not say Upgrade');
    const accept = fields.getAll('sec-websocket-accept');
    if (accept.length !== 1 || trimOws(accept[0] as string) !== webSocketAccept(this.#key)) {
      throw badHandshake('Sec-WebSocket-Accept is not the answer to our key');
    }
  }

  #protocol(fields: Fields): string {
    const chosen = fields.getAll('sec-websocket-protocol');
    if (chosen.length === 0) return '';
    const protocol = trimOws(chosen[0] as string);
    if (chosen.length > 1 || this.#config.protocols?.includes(protocol) !== true) {
      throw badHandshake('the server chose a subprotocol that was not offered');
    }
    return protocol;
  }

  #extensions(fields: Fields): DeflateParameters | undefined {
    const value = fields.getCombined('sec-websocket-extensions');
    if (value === undefined) return undefined;
    const extensions = parseWebSocketExtensions(value);
    if (extensions === undefined) throw badHandshake('Sec-WebSocket-Extensions is malformed');
    const [answer, second] = extensions;
    if (answer === undefined) return undefined;
    const { deflate } = this.#config;
    if (deflate === undefined || second !== undefined || answer.name !== PERMESSAGE_DEFLATE) {
      throw badHandshake('the server chose an extension that was not offered');
    }
    const parameters = readDeflateAnswer(answer, deflate);
    if (parameters === undefined) throw badHandshake('the parameters of permessage-deflate do not fit the offer');
    return parameters;
  }
}

function badHandshake(message: string): ProtocolError {
  return new ProtocolError('BAD_HANDSHAKE', message, { wireCode: 0 });
}
