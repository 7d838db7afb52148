/** The four forms of a request target (RFC 9112 §3.2). */
import { isAuthority } from '../http/authority.js';
import { isRequestTarget } from '../http/field-syntax.js';

export type TargetForm = 'origin' | 'absolute' | 'authority' | 'asterisk';

/** A request target taken apart. */
export interface RequestTarget {
  readonly form: TargetForm;
  /** Lower case, absolute form only, else empty. */
  readonly scheme: string;
  /** Absolute and authority form only, else empty: then the Host field has it. */
  readonly authority: string;
  /** Path and query; `*` in asterisk form, empty in authority form. */
  readonly path: string;
}

/**
 * Takes a request target apart; undefined when it is none of the forms its method allows: CONNECT takes `host:port` and
 * nothing else, `*` goes with OPTIONS only. Userinfo is left in `authority`, for the check of Host to refuse.
 */
export function parseRequestTarget(method: string, target: string): RequestTarget | undefined {
  if (!isRequestTarget(target) || target.includes('#')) return undefined;
  if (method === 'CONNECT') {
    if (!isAuthority(target) || !hasPort(target)) return undefined;
    return { form: 'authority', scheme: '', authority: target, path: '' };
  }
  if (target.charCodeAt(0) === 0x2f) return { form: 'origin', scheme: '', authority: '', path: target };
  if (target === '*') {
    return method === 'OPTIONS' ? { form: 'asterisk', scheme: '', authority: '', path: '*' } : undefined;
  }
  const colon = target.indexOf('://');
  if (colon <= 0 || !isScheme(target, colon)) return undefined;
  const start = colon + 3;
  let end = start;
  while (end < target.length && target[end] !== '/' && target[end] !== '?') end++;
  if (end === start) return undefined;
  const rest = target.slice(end);
  return {
    form: 'absolute',
    scheme: target.slice(0, colon).toLowerCase(),
    authority: target.slice(start, end),
    path: rest.startsWith('/') ? rest : `/${rest}`,
  };
}

function hasPort(authority: string): boolean {
  const colon = authority.lastIndexOf(':');
  return colon > 0 && colon < authority.length - 1 && !authority.endsWith(']');
}

function isScheme(target: string, end: number): boolean {
  const first = target.charCodeAt(0) | 0x20;
  if (first < 0x61 || first > 0x7a) return false;
  for (let i = 1; i < end; i++) {
    const char = target[i] as string;
    if (char !== '+' && char !== '-' && char !== '.' && !isAlphanumeric(target.charCodeAt(i))) return false;
  }
  return true;
}

function isAlphanumeric(code: number): boolean {
  const lower = code | 0x20;
  return (code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x7a);
}
