import { splitList } from '../../operators/http/field-syntax.js';
import type { ServerExchange } from '../../operators/http1/server-exchange.js';
import { parseSettingEntries, type SettingEntry } from '../../operators/http2/frames/settings-frame.js';
import { DecodedHead } from '../../operators/http2/head-reader.js';
import { applySettings, DEFAULT_SETTINGS } from '../../operators/http2/settings.js';
import { infoOf } from '../sockets/socket-info.js';

/** What a client that upgrades has said of itself. */
export interface H2cUpgrade {
  readonly settings: readonly SettingEntry[];
  readonly head: DecodedHead;
}

const BASE64URL = /^[A-Za-z0-9_-]*$/;
/** What belonged to the connection of HTTP/1 (RFC 9113 §8.2.2). */
const CONNECTION_FIELDS = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The upgrade to HTTP/2 a request asks for (RFC 7540 §3.2), or undefined where it does not, or not as it should: then it is
 * answered as it is. Only requests without a body, and not over TLS.
 */
export function h2cUpgrade(exchange: ServerExchange): H2cUpgrade | undefined {
  const { request, upgrade, hasBody } = exchange;
  if (request === undefined || hasBody || upgrade === '' || request.version !== '1.1') return undefined;
  if (!splitList(upgrade).includes('h2c') || infoOf(exchange.connection.socket.info).tls !== undefined)
    return undefined;
  const { fields, method, target } = request;
  const options = splitList(fields.getCombined('connection') ?? '').map((option) => option.toLowerCase());
  const payloads = fields.getAll('http2-settings');
  const [payload = ''] = payloads;
  if (payloads.length !== 1 || !BASE64URL.test(payload) || !options.includes('http2-settings')) return undefined;
  if (!target.startsWith('/') && target !== '*') return undefined;
  const settings = readSettings(payload);
  if (settings === undefined) return undefined;
  const list = [':method', method, ':scheme', 'http', ':authority', fields.get('host') ?? '', ':path', target];
  fields.forEach((name, value) => {
    if (!CONNECTION_FIELDS.has(name) && !options.includes(name)) list.push(name, value);
  });
  return { settings, head: new DecodedHead(list, undefined) };
}

function readSettings(payload: string): SettingEntry[] | undefined {
  try {
    const entries = parseSettingEntries(Buffer.from(payload, 'base64url'));
    applySettings(DEFAULT_SETTINGS, entries, { from: 'client', first: true });
    return entries;
  } catch {
    return undefined; // malformed: RFC 7540 §3.2.1 has it not upgraded
  }
}
