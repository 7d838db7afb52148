/** Reads Strict-Transport-Security (RFC 6797 §6.1). */
import { isDigits, isToken, trimOws } from '../../operators/http/field-syntax.js';

export interface HstsPolicy {
  /** Seconds; 0: the host is to be forgotten. */
  readonly maxAge: number;
  readonly includeSubDomains: boolean;
}

/**
 * The policy, or undefined for a field that is to be ignored: without max-age, with a directive that is malformed or given twice.
 * Directives nobody knows, such as `preload`, are skipped.
 */
export function parseStrictTransportSecurity(value: string): HstsPolicy | undefined {
  const seen = new Set<string>();
  let maxAge: number | undefined;
  let includeSubDomains = false;
  for (const part of splitDirectives(value)) {
    const directive = trimOws(part);
    if (directive === '') continue;
    const equals = directive.indexOf('=');
    const name = trimOws(equals < 0 ? directive : directive.slice(0, equals)).toLowerCase();
    const text = equals < 0 ? undefined : unquoted(trimOws(directive.slice(equals + 1)));
    if (!isToken(name) || seen.has(name) || (equals >= 0 && text === undefined)) return undefined;
    seen.add(name);
    if (name === 'max-age') {
      if (text === undefined || !isDigits(text)) return undefined;
      maxAge = Number(text);
    } else if (name === 'includesubdomains') {
      if (text !== undefined) return undefined;
      includeSubDomains = true;
    }
  }
  return maxAge === undefined ? undefined : { maxAge, includeSubDomains };
}

/** Cuts at semicolons outside quotes. */
function splitDirectives(value: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    if (quoted && value[i] === '\\') i++;
    else if (value[i] === '"') quoted = !quoted;
    else if (value[i] === ';' && !quoted) {
      parts.push(value.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(value.slice(start));
  return parts;
}

/** A token, or what a quoted-string without escapes holds. */
function unquoted(text: string): string | undefined {
  if (!text.startsWith('"')) return isToken(text) ? text : undefined;
  const inner = text.slice(1, -1);
  return text.length >= 2 && text.endsWith('"') && !inner.includes('"') && !inner.includes('\\') ? inner : undefined;
}
