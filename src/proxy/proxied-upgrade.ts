/**
 * Upgrades through a proxy: always HTTP/1.1 towards the server, whichever version the client speaks (RFC 9110 §7.8, RFC 8441). But not to
 * HTTP/2: what is asked for inside of that, the proxy would not see.
 */
import { nodeCrypto } from '../../operators/core/node-crypto.js';
import { splitList } from '../../operators/http/field-syntax.js';
import { Fields } from '../../operators/http/fields.js';
import { webSocketAccept, webSocketKey } from '../../operators/websocket/handshake-key.js';
import type { RequestConfig } from '../client/request-config.js';
import type { Response } from '../client/response.js';
import type { ServerRequest } from '../server/server-request.js';
import { endToEndFields } from './proxied-fields.js';

export interface UpgradePassage {
  readonly config: Pick<RequestConfig, 'version' | 'method'> & { readonly upgrade: string };
  /** Sec-WebSocket-Key, where the client had none to give: over HTTP/2 there is none. */
  readonly key: string | undefined;
}

/** What makes the request to the server one for an upgrade; undefined where there is none to pass on. */
export function upgradeRequest({ method, upgrade }: ServerRequest, headers: Fields): UpgradePassage | undefined {
  if (method !== 'CONNECT') {
    const passed = splitList(upgrade).filter((name) => name.toLowerCase() !== 'h2c');
    return passed.length === 0 ? undefined : { config: { version: '1.1', upgrade: passed.join(', ') }, key: undefined };
  }
  if (upgrade !== 'websocket') return undefined;
  const key = webSocketKey(nodeCrypto().randomBytes(16));
  headers.set('sec-websocket-key', key);
  return { config: { version: '1.1', upgrade, method: 'GET' }, key };
}

/** The response that takes the client's exchange out of HTTP; undefined where the server has answered another handshake. */
export function acceptedUpgrade(
  { method }: ServerRequest,
  { fields }: Response,
  { config, key }: UpgradePassage,
): { readonly status: number; readonly fields: Fields } | undefined {
  const chosen = splitList(fields.getCombined('upgrade') ?? '');
  const offered = splitList(config.upgrade).map((name) => name.toLowerCase());
  if (chosen.length === 0 || !chosen.every((name) => offered.includes(name.toLowerCase()))) return undefined;
  const passed = endToEndFields(fields);
  if (key !== undefined) {
    if (fields.get('sec-websocket-accept') !== webSocketAccept(key)) return undefined;
    passed.delete('sec-websocket-accept');
  }
  if (method === 'CONNECT') return { status: 200, fields: passed };
  return { status: 101, fields: passed.append('upgrade', chosen.join(', ')).append('connection', 'upgrade') };
}
