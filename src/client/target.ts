import { UsageError } from '../../operators/core/protocol-error.js';

/** Where a request goes, taken from its URL. */
export interface Target {
  /** Without userinfo and fragment. */
  readonly url: string;
  readonly secure: boolean;
  /** Host name in ASCII, lower case; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** As in the Host field: port left out where it is the scheme's default. */
  readonly authority: string;
  /** Path and query: the origin-form. */
  readonly path: string;
  /** Scheme, host, port. */
  readonly origin: string;
  /** `Basic` credentials from userinfo. */
  readonly authorization: string | undefined;
}

/** Parsed targets by URL text: clients ask for the same few again and again. */
const remembered = new Map<string, Target>();
const REMEMBERED = 256;

/**
 * @throws `UsageError` `INVALID_URL` for what does not parse or whose userinfo is no text, `UNSUPPORTED_SCHEME` for other schemes than
 *   http and https.
 */
export function parseTarget(url: string | URL): Target {
  const text = typeof url === 'string' ? url : String(url);
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const target = parse(text);
  if (remembered.size >= REMEMBERED) remembered.clear();
  remembered.set(text, target);
  return target;
}

function parse(text: string): Target {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new UsageError('INVALID_URL', `not an absolute URL: ${JSON.stringify(text.slice(0, 200))}`, cause);
  }
  const secure = url.protocol === 'https:';
  if (!secure && url.protocol !== 'http:') {
    throw new UsageError('UNSUPPORTED_SCHEME', `only http and https, not ${url.protocol}`);
  }
  const { username, password } = url;
  url.username = '';
  url.password = '';
  url.hash = '';
  return {
    url: url.href,
    secure,
    host: url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    authority: url.host,
    path: url.pathname + url.search,
    origin: url.origin,
    authorization: username === '' && password === '' ? undefined : basic(username, password),
  };
}

function basic(username: string, password: string): string {
  let pair: string;
  try {
    pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch (cause) {
    throw new UsageError('INVALID_URL', 'the userinfo of the URL is not percent-encoded UTF-8', cause);
  }
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}
