/** `Forwarded` (RFC 7239 §4), read character by character. */
import { isIPv4, isIPv6 } from './ip-address.js';

/** One proxy's word; values as they were written, without quotes. Undefined where it says nothing. */
export interface ForwardedElement {
  readonly for: string | undefined;
  readonly by: string | undefined;
  readonly host: string | undefined;
  readonly proto: string | undefined;
}

/** A node that is an address; `port` is 0 where it is not told. */
export interface ForwardedNode {
  readonly address: string;
  readonly port: number;
}

const TOKEN = new Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

/** The elements, the oldest first, or undefined where the field is malformed. */
export function parseForwarded(text: string): ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = [];
  let pairs = new Map<string, string>();
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const equals = endOfToken(text, at);
    if (equals === at || text[equals] !== '=') return undefined;
    const name = text.slice(at, equals).toLowerCase();
    const read = text[equals + 1] === '"' ? quoted(text, equals + 2) : token(text, equals + 1);
    if (read === undefined || pairs.has(name)) return undefined;
    pairs.set(name, read.value);
    at = skipSpace(text, read.end);
    if (at < text.length && text[at] !== ';' && text[at] !== ',') return undefined;
    if (text[at] !== ';') {
      elements.push(elementOf(pairs));
      pairs = new Map();
    }
    if (at === text.length) return elements;
    at = skipSpace(text, at + 1);
  }
  return undefined; // empty, or it ends in a separator
}

/** An address of `for` or `by`, with or without port, or of X-Forwarded-For; undefined for `unknown` and made-up names. */
export function parseForwardedNode(text: string): ForwardedNode | undefined {
  if (isIPv6(text)) return { address: text, port: 0 };
  const close = text.startsWith('[') ? text.indexOf(']') : -1;
  const colon = text.indexOf(':', Math.max(close, 0));
  const host = close > 0 ? text.slice(1, close) : text.slice(0, colon < 0 ? text.length : colon);
  const rest = close > 0 ? text.slice(close + 1) : text.slice(host.length);
  if (!(close > 0 ? isIPv6(host) : isIPv4(host))) return undefined;
  if (rest === '') return { address: host, port: 0 };
  const port = rest.slice(1);
  if (rest[0] !== ':' || !/^\d{1,5}$/.test(port) || Number(port) > 65_535) return undefined;
  return { address: host, port: Number(port) };
}

function elementOf(pairs: ReadonlyMap<string, string>): ForwardedElement {
  return { for: pairs.get('for'), by: pairs.get('by'), host: pairs.get('host'), proto: pairs.get('proto') };
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return at;
}

function endOfToken(text: string, from: number): number {
  let at = from;
  while (at < text.length && TOKEN.has(text[at] as string)) at++;
  return at;
}

function token(text: string, from: number): { value: string; end: number } | undefined {
  const end = endOfToken(text, from);
  return end === from ? undefined : { value: text.slice(from, end), end };
}

function quoted(text: string, from: number): { value: string; end: number } | undefined {
  let value = '';
  for (let at = from; at < text.length; at++) {
    if (text[at] === '"') return { value, end: at + 1 };
    if (text[at] === '\\') at++;
    value += text[at] ?? '';
  }
  return undefined;
}
