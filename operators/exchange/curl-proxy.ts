import { UsageError } from '../core/protocol-error.js';
import { shellWord } from './shell-word.js';

/** A proxy whose credentials are not in its text, such as a `ProxyAddress`. */
interface CurlProxy {
  readonly scheme: string;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  toString(): string;
}

type OneProxy = string | URL | CurlProxy;

/** As a request has it: a URL, several of them, `environment`, or none. */
export type CurlProxies = OneProxy | readonly OneProxy[] | false;

interface Parts {
  /** Without credentials. */
  readonly url: string;
  readonly user: string | undefined;
}

/**
 * The way of a request as options of curl: it asks the environment by itself, and knows one proxy, or a SOCKS proxy before it.
 *
 * @throws UsageError `UNSUPPORTED_OPTION` for other chains, `INVALID_PROXY`
 */
export function curlProxy(choice: CurlProxies | undefined, secrets: boolean): string[] {
  if (choice === undefined || choice === 'environment') return [];
  const [first, second, ...more] = choice === false ? [] : (isList(choice) ? choice : [choice]).map(partsOf);
  if (first === undefined) return ['--noproxy', "'*'"];
  if (second === undefined) return ['-x', shellWord(first.url), ...userOf(first, secrets)];
  if (more.length > 0 || !first.url.startsWith('socks') || second.url.startsWith('socks') || first.user !== undefined) {
    throw new UsageError(
      'UNSUPPORTED_OPTION',
      'of chains of proxies curl has one: SOCKS without a password, then HTTP',
    );
  }
  return ['--preproxy', shellWord(first.url), '-x', shellWord(second.url), ...userOf(second, secrets)];
}

function userOf({ user }: Parts, secrets: boolean): string[] {
  return user === undefined ? [] : ['-U', shellWord(secrets ? user : '***')];
}

function partsOf(proxy: OneProxy): Parts {
  if (typeof proxy === 'object' && 'credentials' in proxy) {
    const { credentials } = proxy;
    return { url: String(proxy), user: credentials && `${credentials.username}:${credentials.password}` };
  }
  const text = String(proxy);
  try {
    const url = new URL(text.includes('://') ? text : `http://${text}`);
    const { username, password, protocol, host } = url;
    const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return { url: `${protocol}//${host}`, user: user === ':' ? undefined : user };
  } catch {
    throw new UsageError('INVALID_PROXY', 'not the URL of a proxy'); // not repeated: there may be a password in it
  }
}

function isList(choice: OneProxy | readonly OneProxy[]): choice is readonly OneProxy[] {
  return Array.isArray(choice);
}
