import { from, type ObservableInput, switchMap, take } from 'rxjs';
import { nodeCrypto } from '../../operators/core/node-crypto.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import { isFieldValue } from '../../operators/http/field-syntax.js';
import type { Handler } from '../server/respond-context.js';
import type { ServerRequest } from '../server/server-request.js';
import { isObservableInput, type HandlerResult, type ServerResponse } from '../server/server-response.js';
import { statusResponse } from './status-response.js';

/** Whether a user is who it says; may be answered later. */
export type VerifyCredentials = (username: string, password: string) => boolean | ObservableInput<boolean>;

export interface BasicAuthConfig {
  /** What the credentials are for, as users are shown it. */
  readonly realm: string;
  /** Passwords by user name, compared in constant time, or a function that knows. */
  readonly users: Readonly<Record<string, string>> | VerifyCredentials;
  /** Asks as a proxy does: 407, Proxy-Authenticate and Proxy-Authorization. Default false. */
  readonly proxy?: boolean;
}

/** A handler that is also told who asks. A plain handler will do. */
export type AuthenticatedHandler = (request: ServerRequest, username: string) => HandlerResult;

/** Neither a name nor a password has these (RFC 7617 §2). */
const CONTROL = /\p{Cc}/u;

const CHALLENGED = { status: 401, challenge: 'www-authenticate', credentials: 'authorization' };
const CHALLENGED_BY_PROXY = { status: 407, challenge: 'proxy-authenticate', credentials: 'proxy-authorization' };

/**
 * Lets only those in who say a user name and its password (Basic, RFC 7617, in UTF-8); others get 401 with a challenge, and the handler
 * does not see them. Credentials travel in clear: over TLS only.
 *
 * @throws UsageError `INVALID_OPTION` for a realm that cannot be sent, or users that are none.
 * @example
 * ```ts
 * import { basicAuth, serve } from 'rxweir';
 * const guarded = basicAuth({ realm: 'weir', users: { marlow: 'steam' } });
 * serve({ port: 8080 }, guarded((request, username) => ({ body: `hello ${username}` }))).subscribe();
 * ```
 */
export function basicAuth({
  realm,
  users,
  proxy = false,
}: BasicAuthConfig): (handler: AuthenticatedHandler) => Handler {
  if (!isFieldValue(realm)) throw new UsageError('INVALID_OPTION', 'realm: text that a field can carry');
  if (typeof users !== 'function' && (typeof users !== 'object' || users === null)) {
    throw new UsageError('INVALID_OPTION', 'users: passwords by name, or a function');
  }
  const verify = typeof users === 'function' ? users : comparing(users);
  const { status, challenge, credentials } = proxy ? CHALLENGED_BY_PROXY : CHALLENGED;
  const quoted = realm.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  const refuse = (): ServerResponse =>
    statusResponse(status, { [challenge]: `Basic realm="${quoted}", charset="UTF-8"` });

  return (handler) => (request) => {
    const given = request.fields.getAll(credentials);
    const pair = given.length === 1 ? parseBasic(given[0] as string) : undefined;
    if (pair === undefined) return refuse();
    const [username, password] = pair;
    const known = verify(username, password);
    if (typeof known === 'boolean') return known ? handler(request, username) : refuse();
    return from(known).pipe(
      take(1),
      switchMap((is) => {
        const result = is ? handler(request, username) : refuse();
        return isObservableInput(result) ? from(result) : [result];
      }),
    );
  };
}

/** Compares digests under a key of our own: neither the length nor the beginning of a password shows in the time it takes. */
function comparing(users: Readonly<Record<string, string>>): VerifyCredentials {
  const key = nodeCrypto().randomBytes(32);
  const digest = (text: string): Buffer => nodeCrypto().createHmac('sha256', key).update(text).digest();
  const known = new Map(Object.entries(users).map(([name, password]) => [name, digest(password)]));
  const nobody = digest(nodeCrypto().randomBytes(32).toString('hex'));
  return (username, password) => {
    const expected = known.get(username);
    return nodeCrypto().timingSafeEqual(digest(password), expected ?? nobody) && expected !== undefined;
  };
}

/** User name and password of `Basic …`; undefined for anything else. */
function parseBasic(value: string): readonly [string, string] | undefined {
  if (value.slice(0, 6).toLowerCase() !== 'basic ') return undefined;
  const encoded = value.slice(6).trim();
  const bytes = Buffer.from(encoded, 'base64');
  // Buffer skips what is no base64; credentials that are not what they look like are none.
  if (withoutPadding(bytes.toString('base64')) !== withoutPadding(encoded)) return undefined;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
  const colon = text.indexOf(':');
  return colon < 0 || CONTROL.test(text) ? undefined : [text.slice(0, colon), text.slice(colon + 1)];
}

function withoutPadding(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '=') end--;
  return text.slice(0, end);
}
