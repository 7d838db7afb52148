/** Digest credentials (RFC 7616): what a challenge is answered with. */
import { nodeCrypto } from '../core/node-crypto.js';
import type { BodySource } from '../body/body-source.js';
import type { Challenge } from './challenge.js';

/** Our names of the hashes, by that of the challenge in lower case; the strongest first. */
const HASHES: readonly (readonly [algorithm: string, hash: string])[] = [
  ['sha-512-256', 'sha512-256'],
  ['sha-256', 'sha256'],
  ['md5', 'md5'],
];

export interface DigestUser {
  readonly username: string;
  readonly password: string;
}

/** What is asked for. */
export interface DigestRequest {
  readonly method: string;
  /** The request target. */
  readonly uri: string;
  /** The body, which `auth-int` covers. */
  readonly body?: BodySource | undefined;
  /** Chosen by chance, for each nonce count anew. */
  readonly cnonce: string;
  /** How often the nonce was used, from 1 on. */
  readonly count: number;
}

/**
 * How strong the hash of a Digest challenge is, from 1 on; 0 for one that cannot be answered.
 *
 * @param body that of the request: `auth-int` alone can be answered only where it is known before it is sent
 */
export function digestStrength({ scheme, parameters }: Challenge, body: BodySource | undefined): number {
  if (scheme !== 'digest' || !parameters.has('realm') || !parameters.has('nonce')) return 0;
  const quality = qualityOf(parameters);
  if (quality === undefined || (quality === 'auth-int' && knownBody(body) === undefined)) return 0;
  const found = HASHES.findIndex(([algorithm]) => algorithm === hashName(parameters));
  return found < 0 ? 0 : HASHES.length - found;
}

/** The value of the Authorization field for a challenge whose strength is not 0. */
export function digestCredentials({ parameters }: Challenge, user: DigestUser, request: DigestRequest): string {
  const hash = HASHES.find(([algorithm]) => algorithm === hashName(parameters))?.[1] ?? 'md5';
  // Text is a byte a character here, as in the fields that the realm comes from: its bytes count, whatever they are the text of.
  const digest = (text: string | Uint8Array): string => {
    const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
    return nodeCrypto().createHash(hash).update(bytes).digest('hex');
  };
  const realm = parameters.get('realm') ?? '';
  const nonce = parameters.get('nonce') ?? '';
  const algorithm = parameters.get('algorithm');
  const { username } = user;
  const { method, uri, cnonce } = request;
  const nc = request.count.toString(16).padStart(8, '0');

  const name = utf8Bytes(username);
  let secret = digest(`${name}:${realm}:${utf8Bytes(user.password)}`);
  if (algorithm?.toLowerCase().endsWith('-sess')) secret = digest(`${secret}:${nonce}:${cnonce}`);
  const qop = qualityOf(parameters) ?? '';
  const covered = qop === 'auth-int' ? `:${digest(knownBody(request.body) ?? Buffer.alloc(0))}` : '';
  const asked = digest(`${method}:${uri}${covered}`);
  // Without qop it is RFC 2069, which servers of old still speak.
  const used = qop === '' ? nonce : `${nonce}:${nc}:${cnonce}:${qop}`;
  const response = digest(`${secret}:${used}:${asked}`);

  const hashed = parameters.get('userhash')?.toLowerCase() === 'true';
  const parts = [hashed ? `username=${quoted(digest(`${name}:${realm}`))}` : namePart(username)];
  parts.push(`realm=${quoted(realm)}`, `nonce=${quoted(nonce)}`, `uri=${quoted(uri)}`);
  if (algorithm !== undefined) parts.push(`algorithm=${algorithm}`);
  if (qop !== '') parts.push(`qop=${qop}`, `nc=${nc}`, `cnonce=${quoted(cnonce)}`);
  parts.push(`response=${quoted(response)}`);
  const opaque = parameters.get('opaque');
  if (opaque !== undefined) parts.push(`opaque=${quoted(opaque)}`);
  if (hashed) parts.push('userhash=true');
  return `Digest ${parts.join(', ')}`;
}

function hashName(parameters: ReadonlyMap<string, string>): string {
  const name = parameters.get('algorithm')?.toLowerCase() ?? 'md5';
  return name.endsWith('-sess') ? name.slice(0, -5) : name;
}

/** The quality of protection to answer with: `auth`, else `auth-int`; empty where none is named, undefined where none of these is. */
function qualityOf(parameters: ReadonlyMap<string, string>): 'auth' | 'auth-int' | '' | undefined {
  const offered = parameters.get('qop');
  if (offered === undefined) return '';
  const names = offered.split(',').map((one) => one.trim().toLowerCase());
  return (['auth', 'auth-int'] as const).find((one) => names.includes(one));
}

/** What is sent as the body, where that is known before: text and bytes. */
function knownBody(body: BodySource | undefined): Uint8Array | undefined {
  if (body === undefined || typeof body === 'string') return Buffer.from(body ?? '');
  if (body instanceof Uint8Array) return body;
  return body instanceof URLSearchParams ? Buffer.from(body.toString()) : undefined;
}

function utf8Bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** As a quoted-string, or in the extended form of RFC 8187 where there is more than ASCII in it. */
function namePart(username: string): string {
  for (let i = 0; i < username.length; i++) {
    if (username.charCodeAt(i) > 0x7e) return `username*=UTF-8''${extended(username)}`;
  }
  return `username=${quoted(username)}`;
}

/** Percent-encoded but for attr-char (RFC 8187 §3.2.1). */
function extended(text: string): string {
  return encodeURIComponent(text).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
