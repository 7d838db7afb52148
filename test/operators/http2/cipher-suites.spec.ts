/** Every suite of RFC 9113 Appendix A by its name, and those it leaves. */
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { isHttp2CipherSuite } from '../../../operators/http2/cipher-suites.js';
import { findProgram, needPackage } from '../../support/peers.js';

const CBC = '3DES_EDE_CBC_SHA AES_128_CBC_SHA AES_256_CBC_SHA';
const GCM = ['AES', 'ARIA', 'CAMELLIA'].map((name) => `${name}_128_GCM_SHA256 ${name}_256_GCM_SHA384`).join(' ');
const CCM = 'AES_128_CCM AES_256_CCM AES_128_CCM_8 AES_256_CCM_8';
const ARIA_CBC = 'ARIA_128_CBC_SHA256 ARIA_256_CBC_SHA384';
const CHACHA = 'CHACHA20_POLY1305_SHA256';
/** Of the exchanges with Diffie-Hellman in a finite field. */
const DH = `DES_CBC_SHA ${CBC} AES_128_CBC_SHA256 AES_256_CBC_SHA256 CAMELLIA_128_CBC_SHA CAMELLIA_256_CBC_SHA SEED_CBC_SHA
  CAMELLIA_128_CBC_SHA256 CAMELLIA_256_CBC_SHA256 ${ARIA_CBC}`;
const CAMELLIA_CBC = 'CAMELLIA_128_CBC_SHA256 CAMELLIA_256_CBC_SHA384';
const LATER_CBC = `AES_128_CBC_SHA256 AES_256_CBC_SHA384 ${ARIA_CBC} ${CAMELLIA_CBC}`;
const ECDH = `NULL_SHA RC4_128_SHA ${CBC} ${LATER_CBC}`;
const PSK = `${ECDH} NULL_SHA256 NULL_SHA384`;

/** By key exchange, in the order of their numbers. */
const BANNED = {
  NULL: 'NULL_NULL',
  RSA: `NULL_MD5 NULL_SHA NULL_SHA256 RC4_128_MD5 RC4_128_SHA IDEA_CBC_SHA ${DH} ${GCM} ${CCM}`,
  RSA_EXPORT: 'RC4_40_MD5 RC2_CBC_40_MD5 DES40_CBC_SHA',
  DH_DSS_EXPORT: 'DES40_CBC_SHA',
  DH_DSS: `${DH} ${GCM}`,
  DH_RSA_EXPORT: 'DES40_CBC_SHA',
  DH_RSA: `${DH} ${GCM}`,
  DHE_DSS_EXPORT: 'DES40_CBC_SHA',
  DHE_DSS: DH,
  DHE_RSA_EXPORT: 'DES40_CBC_SHA',
  DHE_RSA: DH,
  DH_anon_EXPORT: 'RC4_40_MD5 DES40_CBC_SHA',
  DH_anon: `RC4_128_MD5 ${DH} ${GCM}`,
  KRB5: `DES_CBC_SHA 3DES_EDE_CBC_SHA RC4_128_SHA IDEA_CBC_SHA DES_CBC_MD5 3DES_EDE_CBC_MD5 RC4_128_MD5 IDEA_CBC_MD5`,
  KRB5_EXPORT: 'DES_CBC_40_SHA RC2_CBC_40_SHA RC4_40_SHA DES_CBC_40_MD5 RC2_CBC_40_MD5 RC4_40_MD5',
  PSK: `${PSK} ${GCM} ${CCM}`,
  DHE_PSK: PSK,
  RSA_PSK: `${PSK} ${GCM}`,
  ECDH_ECDSA: `${ECDH} ${GCM}`,
  ECDHE_ECDSA: ECDH,
  ECDH_RSA: `${ECDH} ${GCM}`,
  ECDHE_RSA: ECDH,
  ECDH_anon: `NULL_SHA RC4_128_SHA ${CBC}`,
  SRP_SHA: CBC,
  SRP_SHA_RSA: CBC,
  SRP_SHA_DSS: CBC,
  ECDHE_PSK: PSK,
};

/** All there are for TLS 1.2 that are not on the list, and have an ephemeral exchange. */
const PERMITTED = {
  DHE_RSA: `${GCM} ${CCM} ${CHACHA}`,
  DHE_DSS: GCM,
  DHE_PSK: `${GCM} AES_128_CCM AES_256_CCM ${CHACHA}`,
  PSK_DHE: 'AES_128_CCM_8 AES_256_CCM_8',
  ECDHE_ECDSA: `${GCM} ${CCM} ${CHACHA}`,
  ECDHE_RSA: `${GCM} ${CHACHA}`,
  ECDHE_PSK: `AES_128_GCM_SHA256 AES_256_GCM_SHA384 AES_128_CCM_SHA256 AES_128_CCM_8_SHA256 ${CHACHA}`,
};

/** Those of TLS 1.3, which names the encryption alone. */
const TLS13 = ['AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', CHACHA, 'AES_128_CCM_SHA256', 'AES_128_CCM_8_SHA256'];

/** Younger than the list, and without what it asks for. */
const LATER = { PSK: CHACHA, RSA_PSK: CHACHA };

function names(table: Readonly<Record<string, string>>): string[] {
  return Object.entries(table).flatMap(([exchange, ciphers]) =>
    ciphers.split(/\s+/).map((cipher) => `TLS_${exchange}_WITH_${cipher}`),
  );
}

const banned = [...names(BANNED), 'TLS_EMPTY_RENEGOTIATION_INFO_SCSV'];
const permitted = [...names(PERMITTED), ...TLS13.map((name) => `TLS_${name}`)];

describe('the cipher suites of HTTP/2', () => {
  it('are none of RFC 9113 Appendix A, nor what came later and is as weak', () => {
    expect(new Set(banned).size).toBe(banned.length);
    expect(banned).toHaveLength(276);
    expect([...banned, ...names(LATER)].filter(isHttp2CipherSuite)).toEqual([]);
  });

  it('are all others', () => {
    expect(permitted.filter((name) => !isHttp2CipherSuite(name))).toEqual([]);
  });

  it('an unknown name is none', () => {
    expect(['', 'TLS', 'ECDHE-RSA-AES128-GCM-SHA256', 'TLS_FALLBACK_SCSV'].filter(isHttp2CipherSuite)).toEqual([]);
  });
});

describe('as OpenSSL names them', () => {
  let missing: string | undefined;

  beforeAll(async () => {
    missing = await needPackage('openssl');
  }, 180_000);

  it('each is on one of the two lists, or younger, and decided on by it', (context) => {
    if (missing !== undefined) return context.skip(missing);
    const listed = spawnSync(
      findProgram('openssl') as string,
      ['ciphers', '-stdname', 'ALL:COMPLEMENTOFALL@SECLEVEL=0'],
      {
        encoding: 'utf8',
      },
    );
    const pairs = listed.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+-\s+|\s+/).slice(0, 2) as [standard: string, own: string]);
    expect(pairs.length).toBeGreaterThan(50);
    const known = new Set([...banned, ...permitted, ...names(LATER)]);
    expect(pairs.filter(([standard]) => !known.has(standard))).toEqual([]);
    const taken = pairs.filter(([standard]) => isHttp2CipherSuite(standard)).map(([, own]) => own);
    expect(taken).toEqual(expect.arrayContaining(['TLS_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256']));
    const weak = /^(?!ECDHE|DHE|TLS_)|SHA$|CBC|CAMELLIA\d+-SHA|AES\d+-SHA|NULL|RC4|DES/;
    expect(taken.filter((own) => weak.test(own))).toEqual([]);
    expect(pairs.map(([, own]) => own).filter((own) => !taken.includes(own) && !weak.test(own))).toEqual([]);
  });
});
