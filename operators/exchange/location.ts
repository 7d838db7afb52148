/** Reads where a redirect goes (RFC 9110 §10.2.2) and refuses where it must not go. */
import { ProtocolError } from '../core/protocol-error.js';
import type { Fields } from '../http/fields.js';
import { resolveReference } from './resolve-reference.js';
import type { ExchangeRequest } from './exchange-request.js';
import type { RedirectRules } from './redirect-request.js';

interface Redirecting {
  readonly fields: Fields;
  readonly url: string;
  readonly request: ExchangeRequest;
}

/** Characters that no URI has and that Location fields have all the same: sent on percent-encoded. */
const TO_ENCODE = ' "<>^`{|}';

/**
 * The location, resolved and judged.
 *
 * @throws ProtocolError `BAD_LOCATION`, `REDIRECT_DOWNGRADE`, `REDIRECT_REFUSED`, `REDIRECT_SCHEME`.
 */
export function readLocation({ fields, url, request }: Redirecting, rules: RedirectRules): URL {
  const [value = '', another] = fields.getAll('location');
  if (another !== undefined) throw bad('more than one Location');
  let to: URL;
  try {
    const resolved = resolveReference(url, encoded(value));
    to = new URL(rules.upgrade ? rules.upgrade(resolved) : resolved);
  } catch (cause) {
    throw bad('no URI reference', cause);
  }
  const webSocket = request.upgrade?.toLowerCase() === 'websocket';
  if (webSocket && (to.protocol === 'ws:' || to.protocol === 'wss:')) {
    to = new URL(to.href.replace('ws', 'http'));
  }
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    throw refuse('REDIRECT_SCHEME', `a redirect to ${to.protocol} is not followed`);
  }
  if (to.hostname === '') throw bad('no host');
  if (!rules.unsafe && to.protocol === 'http:' && url.startsWith('https:')) {
    throw refuse('REDIRECT_DOWNGRADE', 'a redirect from https to http is not followed');
  }
  if (rules.allow && !rules.allow(to.href)) throw refuse('REDIRECT_REFUSED', 'the redirect is not allowed');
  return to;
}

/** As a URI: bytes above ASCII and a few others percent-encoded. Controls and backslashes are refused. */
function encoded(value: string): string {
  let text = '';
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || code === 0x7f || code === 0x5c || code > 0xff) throw bad('a character that no URI has');
    const plain = code < 0x7f && !TO_ENCODE.includes(value[i] as string);
    text += plain ? value[i] : `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

function bad(what: string, cause?: unknown): ProtocolError {
  return new ProtocolError('BAD_LOCATION', `the redirect cannot be followed: ${what}`, { scope: 'message', cause });
}

function refuse(code: string, message: string): ProtocolError {
  return new ProtocolError(code, message, { scope: 'message' });
}
