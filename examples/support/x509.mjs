// Makes X.509 v3 certificates with EC keys for tests and demos, from node:crypto alone: no openssl program is needed.
// DER is written by hand: every value is a tag, a length and its content (RFC 5280 for the fields, X.690 for the bytes).
import { createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';

/**
 * @typedef {{ cert: string; key: string }} Credentials PEM texts
 * @typedef {{ name: string; altNames?: string[]; usage?: 'server' | 'client'; days?: number }} Request
 */

const OID = {
  commonName: '550403',
  ecdsaWithSha256: '2a8648ce3d040302',
  basicConstraints: '551d13',
  keyUsage: '551d0f',
  extendedKeyUsage: '551d25',
  subjectAltName: '551d11',
  server: '2b06010505070301',
  client: '2b06010505070302',
};

/**
 * @param {number} tag
 * @param {...Uint8Array} content
 */
function der(tag, ...content) {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body]);
  const length = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.of(tag, 0x80 | length.length), length, body]);
}

const sequence = (/** @type {Uint8Array[]} */ ...content) => der(0x30, ...content);
const oid = (/** @type {string} */ hex) => der(0x06, Buffer.from(hex, 'hex'));
const bits = (/** @type {number} */ unused, /** @type {Uint8Array} */ content) => der(0x03, Buffer.of(unused), content);
const utf8 = (/** @type {string} */ text) => der(0x0c, Buffer.from(text));
const time = (/** @type {Date} */ date) =>
  der(0x18, Buffer.from(date.toISOString().replace(/[-:T]|\.\d+/g, ''), 'latin1'));
const nameOf = (/** @type {string} */ text) => sequence(der(0x31, sequence(oid(OID.commonName), utf8(text))));
const critical = der(0x01, Buffer.of(0xff));

/**
 * @param {string} id
 * @param {Uint8Array} value
 * @param {boolean} [isCritical]
 */
function extension(id, value, isCritical = false) {
  return sequence(oid(id), ...(isCritical ? [critical] : []), der(0x04, value));
}

/** @param {string} address an IP address in text form */
function addressBytes(address) {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = address.split('::');
  const groups = (/** @type {string} */ part) => (part === '' ? [] : part.split(':'));
  const zeros = Array(8 - groups(head).length - groups(tail).length).fill('0');
  const all = [...groups(head), ...zeros, ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** @param {string} name */
function altName(name) {
  return isIP(name) ? der(0x87, addressBytes(name)) : der(0x82, Buffer.from(name, 'latin1'));
}

/**
 * @param {Request} request
 * @param {{ name: string; key: string } | undefined} issuer none: signed by itself
 * @param {Uint8Array[]} extensions
 * @returns {Credentials}
 */
function certificate({ name, days = 30 }, issuer, extensions) {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const hours = (/** @type {number} */ count) => new Date(Date.now() + count * 3_600_000);
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.concat([Buffer.of(0x01), randomBytes(15)])),
    algorithm,
    nameOf(issuer?.name ?? name),
    sequence(time(hours(-24)), time(hours(24 * days))),
    nameOf(name),
    createPublicKey(pair.publicKey).export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const whole = sequence(signed, algorithm, bits(0, sign('sha256', signed, issuer?.key ?? pair.privateKey)));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  const cert = ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
  return { cert, key: pair.privateKey };
}

/**
 * A certificate authority: its own credentials, and `issue` to sign others.
 * @param {string} name
 */
export function createAuthority(name) {
  const authority = certificate({ name }, undefined, [
    extension(OID.basicConstraints, sequence(der(0x01, Buffer.of(0xff))), true),
    extension(OID.keyUsage, bits(1, Buffer.of(0x06)), true),
  ]);
  /** @param {Request} request */
  const issue = (request) =>
    certificate(request, { name, key: authority.key }, [
      extension(OID.basicConstraints, sequence(), true),
      extension(OID.keyUsage, bits(7, Buffer.of(0x80)), true),
      extension(OID.extendedKeyUsage, sequence(oid(OID[request.usage ?? 'server']))),
      ...(request.altNames ? [extension(OID.subjectAltName, sequence(...request.altNames.map(altName)))] : []),
    ]);
  return { ...authority, issue };
}
