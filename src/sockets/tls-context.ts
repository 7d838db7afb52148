import type { SecureContext, SecureContextOptions } from 'node:tls';
import { nodeCrypto } from '../../operators/core/node-crypto.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { TlsCommonConfig, TlsServerConfig } from './tls-config.js';
import { tlsProfiles } from './tls-profiles.js';
import { nodeTls } from './node-tls.js';

const OF_CONTEXT = [
  'ca',
  'cert',
  'key',
  'pfx',
  'passphrase',
  'ciphers',
  'profile',
  'minVersion',
  'maxVersion',
] as const satisfies readonly (keyof TlsCommonConfig)[];

/** Client contexts kept for configs with the same settings. */
const KEPT = 100;

interface Kept {
  readonly config: TlsCommonConfig;
  readonly context: SecureContext;
}

/** The one used last comes first. */
const kept: Kept[] = [];

/**
 * The context for a client's settings, made once: parsing certificates costs more than the rest of connecting. Settings
 * are the same if all of them are, buffers and lists by identity.
 */
export function clientContext(config: TlsCommonConfig): SecureContext {
  if (config.secureContext) return config.secureContext;
  const at = kept.findIndex((one) => OF_CONTEXT.every((name) => one.config[name] === config[name]));
  if (at === 0) return (kept[0] as Kept).context;
  const entry = at > 0 ? (kept.splice(at, 1)[0] as Kept) : { config: pick(config), context: create(config) };
  kept.unshift(entry);
  kept.length = Math.min(kept.length, KEPT);
  return entry.context;
}

/**
 * A context of one server's own: a session begun where no client certificate was asked for must not be resumed where one
 * is, however alike the rest of the settings. Those who share the keys of the tickets have said that they are one server.
 */
export function serverContext(config: TlsServerConfig): SecureContext {
  if (config.secureContext) return config.secureContext;
  const { ticketKeys, sessionTimeout, tickets, requestCert, rejectUnauthorized } = config;
  const asks = `${requestCert === true} ${rejectUnauthorized !== false}`;
  const id = ticketKeys
    ? nodeCrypto().createHash('sha256').update(ticketKeys).update(asks).digest()
    : nodeCrypto().randomBytes(16);
  return create(config, {
    sessionIdContext: id.toString('hex').slice(0, 32),
    ...(ticketKeys && { ticketKeys: Buffer.from(ticketKeys) }),
    ...(sessionTimeout !== undefined && { sessionTimeout }),
    secureOptions: tickets === false ? nodeCrypto().constants.SSL_OP_NO_TICKET : 0,
  });
}

function create(config: TlsCommonConfig, own: SecureContextOptions = {}): SecureContext {
  const profile = config.profile && tlsProfiles[config.profile];
  if (config.profile !== undefined && profile === undefined) {
    throw new UsageError('INVALID_OPTION', `there is no TLS profile ${JSON.stringify(config.profile)}`);
  }
  const order = profile?.serverOrder === true ? nodeCrypto().constants.SSL_OP_CIPHER_SERVER_PREFERENCE : 0;
  return nodeTls().createSecureContext({
    ...own,
    ca: config.ca as SecureContextOptions['ca'],
    cert: config.cert as SecureContextOptions['cert'],
    key: config.key as SecureContextOptions['key'],
    pfx: config.pfx as SecureContextOptions['pfx'],
    passphrase: config.passphrase,
    ciphers: config.ciphers ?? profile?.ciphers,
    minVersion: config.minVersion ?? profile?.minVersion ?? 'TLSv1.2',
    maxVersion: config.maxVersion,
    // A renegotiation could put another certificate behind a name already checked (RFC 9113 §9.2.1 forbids it too).
    secureOptions: nodeCrypto().constants.SSL_OP_NO_RENEGOTIATION | order | (own.secureOptions ?? 0),
  });
}

function pick(config: TlsCommonConfig): TlsCommonConfig {
  return Object.fromEntries(OF_CONTEXT.map((name) => [name, config[name]]));
}
