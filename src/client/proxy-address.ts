import { UsageError } from '../../operators/core/protocol-error.js';
import { joinAuthority } from '../../operators/http/authority.js';

/** How a proxy is spoken to. `socks5` resolves names here, `socks5h` at the proxy. */
export type ProxyScheme = 'http' | 'https' | 'socks5' | 'socks5h';

const PORTS: Readonly<Record<ProxyScheme, number>> = { http: 80, https: 443, socks5: 1080, socks5h: 1080 };

/** User and password of one proxy. */
export interface ProxyCredentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Which proxy, and as whom. The credentials show neither in its text nor as JSON nor on inspection: it may be printed and be put in
 * errors.
 */
export class ProxyAddress {
  readonly scheme: ProxyScheme;
  /** In lower case; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly #credentials: ProxyCredentials | undefined;

  constructor(scheme: ProxyScheme, host: string, port: number, credentials?: ProxyCredentials) {
    this.scheme = scheme;
    this.host = host;
    this.port = port;
    this.#credentials = credentials;
  }

  get credentials(): ProxyCredentials | undefined {
    return this.#credentials;
  }

  /** Whether it is the same proxy, spoken to in the same way and as the same user. */
  equals(other: ProxyAddress): boolean {
    const [a, b] = [this.#credentials, other.#credentials];
    return String(this) === String(other) && a?.username === b?.username && a?.password === b?.password;
  }

  toString(): string {
    return `${this.scheme}://${joinAuthority(this.host, this.port)}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/**
 * Reads the URL of a proxy: `[scheme://][user:password@]host[:port]`, `http` where there is no scheme. Ports default to 80, 443 and
 * 1080 by scheme.
 *
 * @throws `UsageError` `INVALID_PROXY`, which does not repeat what it was given: there may be a password in it.
 */
export function parseProxy(text: string | URL): ProxyAddress {
  const given = String(text);
  const mark = given.indexOf('://');
  const scheme = mark < 0 ? 'http' : given.slice(0, mark).toLowerCase();
  if (!Object.hasOwn(PORTS, scheme)) throw invalid('its scheme is none of http, https, socks5 and socks5h');
  const rest = mark < 0 ? given : given.slice(mark + 3);
  // Read as http and as https: each hides the port that is its own default.
  const [url, other] = ['http', 'https'].map((known) =>
    URL.canParse(`${known}://${rest}`) ? new URL(`${known}://${rest}`) : undefined,
  );
  if (url === undefined || other === undefined) throw invalid('it is no URL');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw invalid('it has a path');
  const { hostname } = url;
  const port = url.port || other.port;
  return new ProxyAddress(
    scheme as ProxyScheme,
    hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port === '' ? PORTS[scheme as ProxyScheme] : Number(port),
    credentialsOf(url),
  );
}

function credentialsOf({ username, password }: URL): ProxyCredentials | undefined {
  if (username === '' && password === '') return undefined;
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw invalid('its credentials are not percent-encoded');
  }
}

function invalid(why: string): UsageError {
  return new UsageError('INVALID_PROXY', `not the URL of a proxy: ${why}`);
}
