/** The head of a request (RFC 9113 §8.3.1, §8.5; extended CONNECT: RFC 8441 §4). */
import { isRequestTarget, isToken } from '../http/field-syntax.js';
import { readContentLength } from './content-length.js';
import { checkFields, type FieldList, malformed, PseudoFields, shown } from './field-rules.js';

/** The control data of a request; what its method has no use for is undefined. */
export interface RequestControl {
  readonly method: string;
  readonly scheme: string | undefined;
  readonly authority: string | undefined;
  readonly path: string | undefined;
  /** Of an extended CONNECT. */
  readonly protocol: string | undefined;
  /** As declared; undefined if it was not. Bytes. */
  readonly contentLength: number | undefined;
}

export interface RequestRulesOptions {
  /** We have announced that extended CONNECT may be used. */
  readonly extendedConnect?: boolean;
}

const PLAIN: ReadonlySet<string> = new Set([':method', ':scheme', ':authority', ':path']);
const EXTENDED: ReadonlySet<string> = new Set([...PLAIN, ':protocol']);

/**
 * Checks the head of a request and returns its control data.
 *
 * @throws ProtocolError stream `PROTOCOL_ERROR` for anything that makes it malformed
 * @example
 * ```ts
 * import { checkRequestFields } from 'rxweir/operators';
 * checkRequestFields([':method', 'GET', ':scheme', 'https', ':authority', 'a', ':path', '/']).path; // '/'
 * ```
 */
export function checkRequestFields(
  list: FieldList,
  { extendedConnect = false }: RequestRulesOptions = {},
): RequestControl {
  const pseudo = new PseudoFields(extendedConnect ? EXTENDED : PLAIN);
  checkFields(list, pseudo.visit);
  const method = pseudo.get(':method');
  if (method === undefined || !isToken(method)) throw malformed('a request without a method');
  const control = {
    method,
    scheme: pseudo.get(':scheme'),
    authority: pseudo.get(':authority'),
    path: pseudo.get(':path'),
    protocol: pseudo.get(':protocol'),
    contentLength: readContentLength(list),
  };
  checkAuthority(control.authority, readHost(list));
  if (method === 'CONNECT' && control.protocol === undefined) checkConnect(control);
  else checkTarget(control);
  return control;
}

/**
 * Checks the head of a request that a push is the answer to: safe, cacheable and without content (RFC 9113 §8.4).
 *
 * @throws ProtocolError stream `PROTOCOL_ERROR`
 */
export function checkPromisedFields(list: FieldList): RequestControl {
  const control = checkRequestFields(list);
  const { method, contentLength = 0 } = control;
  if (method !== 'GET' && method !== 'HEAD') throw malformed(`a push for ${shown(method)}`);
  if (contentLength > 0) throw malformed('a push for a request with content');
  return control;
}

function checkConnect({ scheme, path, authority }: RequestControl): void {
  if (scheme !== undefined || path !== undefined) throw malformed('CONNECT with a scheme or a path');
  if (authority === undefined || authority === '') throw malformed('CONNECT without an authority');
}

function checkTarget({ method, scheme, path, authority, protocol }: RequestControl): void {
  if (scheme === undefined || !isScheme(scheme)) throw malformed('a request without a scheme');
  if (path === undefined) throw malformed('a request without a path');
  if (protocol !== undefined) {
    if (method !== 'CONNECT') throw malformed('a protocol without CONNECT');
    if (!isToken(protocol)) throw malformed(`not a protocol: ${shown(protocol)}`);
    if (authority === undefined) throw malformed('extended CONNECT without an authority');
  }
  if (scheme !== 'http' && scheme !== 'https') return;
  if (authority === '') throw malformed('an empty authority');
  if (authority?.includes('@')) throw malformed('an authority with user information');
  if (!isRequestTarget(path)) throw malformed('a path that is empty or has bytes it may not');
  if (!path.startsWith('/') && !(path === '*' && method === 'OPTIONS')) throw malformed(`not a path: ${shown(path)}`);
}

function readHost(list: FieldList): string | undefined {
  let host: string | undefined;
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] !== 'host') continue;
    if (host !== undefined) throw malformed('host comes twice');
    host = list[i + 1];
  }
  return host;
}

/** Host may repeat the authority, not contradict it. */
function checkAuthority(authority: string | undefined, host: string | undefined): void {
  if (authority === undefined) return;
  if (authority !== '' && !isRequestTarget(authority)) throw malformed('an authority with bytes it may not have');
  if (host !== undefined && host.toLowerCase() !== authority.toLowerCase()) {
    throw malformed('a host field that differs from the authority');
  }
}

function isScheme(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i) | 0x20;
    const letter = code >= 0x61 && code <= 0x7a;
    if (!letter && (i === 0 || !'0123456789+-.'.includes(text[i] as string))) return false;
  }
  return text.length > 0;
}
