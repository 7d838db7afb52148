import type { SecureVersion } from 'node:tls';

/** Mozilla's recommendations for servers, by name. */
export type TlsProfile = 'modern' | 'intermediate' | 'old';

/** What a profile stands for. */
export interface TlsProfileSettings {
  readonly minVersion: SecureVersion;
  /** OpenSSL cipher list. */
  readonly ciphers: string;
  /** The server picks by its own order, not by the client's. */
  readonly serverOrder: boolean;
}

const TLS13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
const FORWARD_SECRET = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'DHE-RSA-AES128-GCM-SHA256',
  'DHE-RSA-AES256-GCM-SHA384',
  'DHE-RSA-CHACHA20-POLY1305',
];
const LEGACY = [
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'DHE-RSA-AES128-SHA256',
  'DHE-RSA-AES256-SHA256',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA256',
  'AES256-SHA256',
  'AES128-SHA',
  'AES256-SHA',
  'DES-CBC3-SHA',
];

/**
 * Mozilla's server profiles, version 5.7: `modern` is TLS 1.3 alone, `intermediate` serves all clients of the last years,
 * `old` those of the last decades, at the price of ciphers HTTP/2 must not use. OpenSSL forbids the oldest versions unless
 * its security level is 0, so `old` sets it.
 */
export const tlsProfiles: Readonly<Record<TlsProfile, TlsProfileSettings>> = Object.freeze({
  modern: { minVersion: 'TLSv1.3', ciphers: TLS13.join(':'), serverOrder: false },
  intermediate: { minVersion: 'TLSv1.2', ciphers: [...TLS13, ...FORWARD_SECRET].join(':'), serverOrder: false },
  old: {
    minVersion: 'TLSv1',
    ciphers: [...TLS13, ...FORWARD_SECRET, ...LEGACY, '@SECLEVEL=0'].join(':'),
    serverOrder: true,
  },
} as const);
