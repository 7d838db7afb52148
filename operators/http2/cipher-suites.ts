/**
 * Cipher suites of TLS 1.2 that HTTP/2 may use (RFC 9113 §9.2.2): all but those of its Appendix A. That list has one rule:
 * banned is whatever lacks an ephemeral key exchange, or authenticated encryption.
 */

const AEAD = '_GCM_SHA256 _GCM_SHA384 _CHACHA20_POLY1305_SHA256 _CCM _CCM_8 _CCM_SHA256 _CCM_8_SHA256'.split(' ');
const EPHEMERAL = ['TLS_ECDHE_', 'TLS_DHE_', 'TLS_PSK_DHE_'];

/** Whether HTTP/2 may be spoken over a suite. @param name as IANA registers it: `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` */
export function isHttp2CipherSuite(name: string): boolean {
  if (!name.includes('_WITH_')) return name.startsWith('TLS_') && isAead(name); // TLS 1.3 names the encryption alone
  return EPHEMERAL.some((start) => name.startsWith(start)) && isAead(name);
}

function isAead(name: string): boolean {
  return AEAD.some((end) => name.endsWith(end));
}
