import { UsageError } from '../core/protocol-error.js';
import { Fields, SENSITIVE_FIELDS } from '../http/fields.js';
import type { ExchangeRequest } from './exchange-request.js';

export interface ToCurlConfig {
  /** Write credentials and cookies out. Default false: they show as `***`. */
  readonly secrets?: boolean;
}

/**
 * A request as a command line for curl, each word quoted for a POSIX shell. Credentials, cookies and fields marked `neverIndex` show as
 * `***` unless `secrets` is set. A body that is text or bytes is written out, any other is read from standard input.
 *
 * @throws `UsageError` `INVALID_URL`
 * @example
 * ```ts
 * import { toCurl } from 'rxweir/operators';
 * toCurl({ url: 'https://example.com/', method: 'POST', body: "it's", headers: { accept: 'text/html' } });
 * // curl -X POST -H 'accept: text/html' --data-binary 'it'\''s' https://example.com/
 * ```
 */
export function toCurl(request: ExchangeRequest, { secrets = false }: ToCurlConfig = {}): string {
  const { method = 'GET', body, target, socketPath } = request;
  const url = readUrl(request.url);
  const words = ['curl'];
  if (method === 'HEAD') words.push('-I');
  else if (method !== 'GET' || body !== undefined) words.push('-X', word(method));
  if (socketPath !== undefined) words.push('--unix-socket', word(socketPath));
  if (target !== undefined) words.push('--request-target', word(target));
  if (url.username !== '' || url.password !== '') {
    const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    words.push('-u', word(secrets ? user : '***'));
    url.username = url.password = '';
  }
  for (const { name, value, neverIndex } of new Fields(request.headers)) {
    const hidden = !secrets && (neverIndex || SENSITIVE_FIELDS.has(name));
    // A field without a value is written with a semicolon.
    words.push('-H', word(value === '' ? `${name};` : `${name}: ${hidden ? '***' : value}`));
  }
  if (body !== undefined) words.push('--data-binary', bodyWord(body));
  words.push(word(url.href));
  return words.join(' ');
}

function readUrl(url: string | URL): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw new UsageError('INVALID_URL', 'not an absolute URL', cause);
  }
}

/** `@-` is standard input: for streams, and for what no argument can be: NUL, bytes that are no text, an `@` at the start. */
function bodyWord(body: unknown): string {
  if (body instanceof URLSearchParams) return word(body.toString());
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return '@-';
  const bytes = Buffer.from(body as Uint8Array);
  const text = bytes.toString('utf8');
  const whole = Buffer.compare(Buffer.from(text, 'utf8'), bytes) === 0;
  return whole && !text.includes('\0') && !text.startsWith('@') ? word(text) : '@-';
}

function word(text: string): string {
  return isPlain(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Letters, digits and what no shell looks at. */
function isPlain(text: string): boolean {
  for (const char of text) {
    const code = char.charCodeAt(0);
    const letter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    if (!letter && !(code >= 0x30 && code <= 0x39) && !'-._/:,+@%='.includes(char)) return false;
  }
  return text !== '';
}
