import { constants, randomBytes } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { TlsCommonConfig } from './tls-config.js';

const OF_CONTEXT = [
  'ca',
  'cert',
  'key',
  'pfx',
  'passphrase',
  'ciphers',
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
 * is, however alike the rest of the settings.
 */
export function serverContext(config: TlsCommonConfig): SecureContext {
  return config.secureContext ?? create(config, randomBytes(16).toString('hex'));
}

function create(config: TlsCommonConfig, sessionIdContext?: string): SecureContext {
  return createSecureContext({
    sessionIdContext,
    ca: config.ca as SecureContextOptions['ca'],
    cert: config.cert as SecureContextOptions['cert'],
    key: config.key as SecureContextOptions['key'],
    pfx: config.pfx as SecureContextOptions['pfx'],
    passphrase: config.passphrase,
    ciphers: config.ciphers,
    minVersion: config.minVersion ?? 'TLSv1.2',
    maxVersion: config.maxVersion,
    // A renegotiation could put another certificate behind a name already checked (RFC 9113 §9.2.1 forbids it too).
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  });
}

function pick(config: TlsCommonConfig): TlsCommonConfig {
  return Object.fromEntries(OF_CONTEXT.map((name) => [name, config[name]]));
}
