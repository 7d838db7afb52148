/** Digest credentials (RFC 7616): what a challenge is answered with. */
import { createHash } from 'node:crypto';
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
  /** Chosen by chance, for each nonce count anew. */
  readonly cnonce: string;
  /** How often the nonce was used, from 1 on. */
  readonly count: number;
}

/** How strong the hash of a Digest challenge is, from 1 on; 0 for one that cannot be answered. */
export function digestStrength({ scheme, parameters }: Challenge): number {
  if (scheme !== 'digest' || !parameters.has('realm') || !parameters.has('nonce')) return 0;
  const qop = parameters.get('qop');
  if (qop !== undefined && !offersAuth(qop)) return 0;
  const found = HASHES.findIndex(([algorithm]) => algorithm === hashName(parameters));
  return found < 0 ? 0 : HASHES.length - found;
}

/** The value of the Authorization field for a challenge whose strength is not 0. */
export function digestCredentials({ parameters }: Challenge, user: DigestUser, request: DigestRequest): string {
  const hash = HASHES.find(([algorithm]) => algorithm === hashName(parameters))?.[1] ?? 'md5';
  const digest = (text: string): string => createHash(hash).update(text, 'utf8').digest('hex');
  const realm = parameters.get('realm') ?? '';
  const nonce = parameters.get('nonce') ?? '';
  const algorithm = parameters.get('algorithm');
  const { username, password } = user;
  const { method, uri, cnonce } = request;
  const nc = request.count.toString(16).padStart(8, '0');

  let secret = digest(`${username}:${realm}:${password}`);
  if (algorithm?.toLowerCase().endsWith('-sess')) secret = digest(`${secret}:${nonce}:${cnonce}`);
  const asked = digest(`${method}:${uri}`);
  const qop = parameters.has('qop');
  // Without qop it is RFC 2069, which servers of old still speak.
  const response = digest(qop ? `${secret}:${nonce}:${nc}:${cnonce}:auth:${asked}` : `${secret}:${nonce}:${asked}`);

  const hashed = parameters.get('userhash')?.toLowerCase() === 'true';
  const parts = [hashed ? `username=${quoted(digest(`${username}:${realm}`))}` : namePart(username)];
  parts.push(`realm=${quoted(realm)}`, `nonce=${quoted(nonce)}`, `uri=${quoted(uri)}`);
  if (algorithm !== undefined) parts.push(`algorithm=${algorithm}`);
  if (qop) parts.push('qop=auth', `nc=${nc}`, `cnonce=${quoted(cnonce)}`);
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

function offersAuth(qop: string): boolean {
  return qop.split(',').some((one) => one.trim().toLowerCase() === 'auth');
}

/** As a quoted-string, or in the extended form of RFC 8187 where there is more than ASCII in it. */
function namePart(username: string): string {
  for (let i = 0; i < username.length; i++) {
    if (username.charCodeAt(i) > 0x7e) return `username*=UTF-8''${encodeURIComponent(username).replaceAll("'", '%27')}`;
  }
  return `username=${quoted(username)}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
