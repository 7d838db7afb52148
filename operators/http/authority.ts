/** `host[:port]` (RFC 3986 §3.2 without userinfo, RFC 9110 §4.2): reading, writing, and IP literals, character by character. */
import { isIPv6 } from './ip-address.js';

/** A split authority. */
export interface Authority {
  /** In lower case; an IPv6 address without its brackets. Empty where the authority names no host. */
  readonly host: string;
  /** The port written, else the default of the scheme, else -1. */
  readonly port: number;
}

/** unreserved and sub-delims, in lower case. Not the comma, which is what two joined Host fields would show. */
const HOST_CHARS = new Uint8Array(128);
for (const char of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+;=") {
  HOST_CHARS[char.charCodeAt(0)] = 1;
}

/** The port a scheme stands for, or -1. */
export function defaultPort(scheme: string): number {
  if (scheme === 'http' || scheme === 'ws') return 80;
  return scheme === 'https' || scheme === 'wss' ? 443 : -1;
}

/** Splits an authority; undefined when it is not one: userinfo, a bad character, a bad address, a port over 65535. */
export function splitAuthority(text: string, scheme = ''): Authority | undefined {
  const end = hostEnd(text);
  if (end < 0) return undefined;
  const port = portAt(text, end);
  if (port < -1) return undefined;
  const host = text.charCodeAt(0) === 0x5b ? text.slice(1, end - 1) : text.slice(0, end);
  return { host: host.toLowerCase(), port: port === -1 ? defaultPort(scheme) : port };
}

/** Whether {@link splitAuthority} would split it; allocates nothing for a name. */
export function isAuthority(text: string): boolean {
  const end = hostEnd(text);
  return end >= 0 && portAt(text, end) >= -1;
}

/** The opposite of {@link splitAuthority}: brackets around an IPv6 address, no port where it is the scheme's own. */
export function joinAuthority(host: string, port: number, scheme = ''): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port < 0 || port === defaultPort(scheme) ? name : `${name}:${port}`;
}

/** Whether two authorities name the same host and port under a scheme. */
export function sameAuthority(a: string, b: string, scheme: string): boolean {
  if (a === b) return true;
  const left = splitAuthority(a, scheme);
  const right = splitAuthority(b, scheme);
  return left !== undefined && right !== undefined && left.host === right.host && left.port === right.port;
}

/** Where the host ends, or -1 if it is none. */
function hostEnd(text: string): number {
  if (text.charCodeAt(0) === 0x5b) {
    const close = text.indexOf(']');
    return close > 0 && isIPv6(text.slice(1, close)) ? close + 1 : -1;
  }
  let i = 0;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code === 0x3a) return i;
    if (code === 0x25) {
      if (!isHexDigit(text.charCodeAt(i + 1)) || !isHexDigit(text.charCodeAt(i + 2))) return -1;
      i += 3;
    } else if (code < 128 && HOST_CHARS[code] === 1) i++;
    else return -1;
  }
  return i;
}

/** The port after a host that ends at `end`; -1 if there is none, -2 if it is wrong. */
function portAt(text: string, end: number): number {
  if (end === text.length) return -1;
  if (text.charCodeAt(end) !== 0x3a) return -2;
  if (end + 1 === text.length) return -1;
  let port = 0;
  for (let i = end + 1; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -2;
    port = port * 10 + digit;
    if (port > 65_535) return -2;
  }
  return port;
}

function isHexDigit(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66);
}
