import { planBody } from '../body/body-source.js';
import { UsageError } from '../core/protocol-error.js';
import { Fields, SENSITIVE_FIELDS } from '../http/fields.js';
import { curlBody } from './curl-body.js';
import { curlProxy, type CurlProxies } from './curl-proxy.js';
import type { ExchangeRequest } from './exchange-request.js';
import { fieldWord, shellWord } from './shell-word.js';

export interface ToCurlConfig {
  /** Write credentials and cookies out. Default false: they show as `***`. */
  readonly secrets?: boolean;
}

/** What is read of a request: what policies know, and how it is sent. */
export interface CurlRequest extends ExchangeRequest {
  readonly version?: '1.0' | '1.1' | '2' | undefined;
  readonly proxy?: CurlProxies | undefined;
  readonly localAddress?: string | undefined;
}

/**
 * A request as a command line for a POSIX shell and curl, which sends the same method, target, fields and content. Credentials, cookies
 * and fields marked `neverIndex` show as `***` unless `secrets` is set. Text is written out, bytes that no argument can carry come from
 * `printf`; streams and Blobs are read from standard input, files of a form from files of their names.
 *
 * It is one exchange, before content codings (`compress`): redirects are not followed, TLS settings other than `rejectUnauthorized` are
 * not written, and curl adds its own Accept and User-Agent.
 *
 * @throws `UsageError` `INVALID_URL`; `UNSUPPORTED_OPTION` for a chain of proxies that curl does not have
 * @example
 * ```ts
 * import { toCurl } from 'rxweir/operators';
 * toCurl({ url: 'https://example.com/', method: 'POST', body: "it's", headers: { accept: 'text/html' } });
 * // curl -X POST -H 'accept: text/html' -H 'content-type: text/plain;charset=UTF-8' --data-raw 'it'\''s' https://example.com/
 * ```
 */
export function toCurl(request: CurlRequest, { secrets = false }: ToCurlConfig = {}): string {
  const { method = 'GET', body, target, socketPath, version, localAddress } = request;
  const url = readUrl(request.url);
  const words = ['curl'];
  if (method === 'HEAD') words.push('-I');
  else if (method !== 'GET' || body !== undefined) words.push('-X', shellWord(method));
  if (version !== undefined) words.push(versionOption(version, url));
  if (socketPath !== undefined) words.push('--unix-socket', shellWord(socketPath));
  if (localAddress !== undefined) words.push('--interface', shellWord(localAddress));
  if (target !== undefined) words.push('--request-target', shellWord(target));
  if ((request.tls as { rejectUnauthorized?: unknown } | undefined)?.rejectUnauthorized === false) words.push('-k');
  words.push(...curlProxy(request.proxy, secrets));
  if (url.username !== '' || url.password !== '') {
    words.push('-u', shellWord(secrets ? `${decoded(url.username)}:${decoded(url.password)}` : '***'));
    url.username = url.password = '';
  }

  const fields = new Fields(request.headers);
  const sent = body === undefined ? undefined : curlBody(body);
  const implied = body === undefined ? undefined : planBody(body, () => 'boundary').contentType;
  if (implied !== undefined && sent?.typed !== true && !fields.has('content-type')) {
    fields.append('content-type', implied);
  }
  if (request.expectContinue && !fields.has('expect')) fields.append('expect', '100-continue');
  for (const { name, value, neverIndex } of fields) {
    const hidden = !secrets && (neverIndex || SENSITIVE_FIELDS.has(name));
    words.push('-H', fieldWord(name, hidden ? '***' : value));
  }
  if (sent?.typed === false && !fields.has('content-type')) words.push('-H', 'content-type:'); // or it would be a form
  words.push(...(sent?.words ?? []));
  if (/[[\]{}]/.test(url.href)) words.push('-g'); // to curl they would be a list of URLs
  words.push(shellWord(url.href));
  return (sent?.before ?? '') + words.join(' ');
}

function versionOption(version: '1.0' | '1.1' | '2', { protocol }: URL): string {
  if (version !== '2') return `--http${version}`;
  return protocol === 'https:' ? '--http2' : '--http2-prior-knowledge';
}

function readUrl(url: string | URL): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw new UsageError('INVALID_URL', 'not an absolute URL', cause);
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new UsageError('INVALID_URL', 'the userinfo is not percent-encoded', cause);
  }
}
