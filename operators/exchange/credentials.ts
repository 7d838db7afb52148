/** Values of Authorization and Proxy-Authorization that need no challenge, and the rule that keeps them with their origin. */
import { UsageError } from '../core/protocol-error.js';
import { Fields } from '../http/fields.js';
import type { ExchangeRequest } from './exchange-request.js';

/**
 * `Basic` credentials (RFC 7617), in UTF-8.
 *
 * @throws `UsageError` `INVALID_CREDENTIALS` for a user name with a colon, and for control characters.
 * @example
 * ```ts
 * import { basicCredentials } from 'rxweir/operators';
 * basicCredentials('Aladdin', 'open sesame'); // 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='
 * ```
 */
export function basicCredentials(username: string, password: string): string {
  if (username.includes(':') || hasControls(username) || hasControls(password)) {
    throw new UsageError('INVALID_CREDENTIALS', 'a user name without colon, and no control characters');
  }
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/**
 * `Bearer` credentials (RFC 6750 §2.1).
 *
 * @throws `UsageError` `INVALID_CREDENTIALS` for what is no token of that form.
 * @example
 * ```ts
 * import { bearerCredentials } from 'rxweir/operators';
 * bearerCredentials('mF_9.B5f-4.1JqM'); // 'Bearer mF_9.B5f-4.1JqM'
 * ```
 */
export function bearerCredentials(token: string): string {
  let end = token.length;
  while (token[end - 1] === '=') end--;
  for (let i = 0; i < end; i++) {
    if (!isTokenChar(token.charCodeAt(i))) throw new UsageError('INVALID_CREDENTIALS', 'not a bearer token');
  }
  if (end === 0) throw new UsageError('INVALID_CREDENTIALS', 'not a bearer token');
  return `Bearer ${token}`;
}

/**
 * A request with credentials, if it goes to the origin (scheme, host and port) they are for; any other comes back as it is. It is never
 * put in the place of credentials the request has of its own.
 *
 * @example
 * ```ts
 * import { authorize, bearerCredentials } from 'rxweir/operators';
 * authorize({ url: 'https://api.example.com/x' }, 'https://api.example.com', bearerCredentials('t'));
 * ```
 */
export function authorize<C extends ExchangeRequest>(request: C, origin: string | URL, credentials: string): C {
  if (!isOfOrigin(request.url, origin)) return request;
  const headers = new Fields(request.headers);
  if (headers.has('authorization')) return request;
  return { ...request, headers: headers.append('authorization', credentials) };
}

export function isOfOrigin(url: string | URL, origin: string | URL): boolean {
  return new URL(url).origin === new URL(origin).origin;
}

function hasControls(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20 || text.charCodeAt(i) === 0x7f) return true;
  return false;
}

function isTokenChar(code: number): boolean {
  const letter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
  return letter || (code >= 0x30 && code <= 0x39) || '-._~+/'.includes(String.fromCharCode(code));
}
