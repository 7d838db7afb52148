import type { DetailedPeerCertificate } from 'node:tls';

/** A name out of a certificate: attributes by their short names, `CN`, `O`, `OU`, …; a list where one is given twice. */
export type DistinguishedName = Readonly<Record<string, string | readonly string[]>>;

/** One name a certificate is for (RFC 5280 §4.2.1.6). */
export interface SubjectAltName {
  /** `DNS`, `IP Address`, `URI`, `email`, … */
  readonly type: string;
  readonly value: string;
}

/** What a certificate says. */
export interface CertificateFacts {
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  readonly subjectAltNames: readonly SubjectAltName[];
  readonly validFrom: Date;
  readonly validTo: Date;
  /** SHA-256, in hexadecimal pairs with colons. */
  readonly fingerprint256: string;
  /** In hexadecimal. */
  readonly serialNumber: string;
  /** DER. */
  readonly raw: Uint8Array;
}

export function certificateFacts(certificate: DetailedPeerCertificate): CertificateFacts {
  const { subject, issuer, subjectaltname, valid_from, valid_to, fingerprint256, serialNumber, raw } = certificate;
  return {
    subject: { ...(subject as unknown as DistinguishedName) },
    issuer: { ...(issuer as unknown as DistinguishedName) },
    subjectAltNames: readAltNames(subjectaltname ?? ''),
    validFrom: new Date(valid_from),
    validTo: new Date(valid_to),
    fingerprint256,
    serialNumber,
    raw,
  };
}

/** Node writes `TYPE:value, TYPE:"value"`: what could be mistaken for its own commas is a string of JSON. */
function readAltNames(text: string): SubjectAltName[] {
  const names: SubjectAltName[] = [];
  let at = 0;
  while (at < text.length) {
    const colon = text.indexOf(':', at);
    if (colon < 0) break;
    const type = text.slice(at, colon);
    const quoted = text[colon + 1] === '"';
    const end = quoted ? closingQuote(text, colon + 2) + 1 : endOf(text, colon + 1);
    const value = text.slice(colon + 1, end);
    names.push({ type, value: quoted ? (JSON.parse(value) as string) : value });
    at = end + 2;
  }
  return names;
}

function endOf(text: string, from: number): number {
  const comma = text.indexOf(', ', from);
  return comma < 0 ? text.length : comma;
}

function closingQuote(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
