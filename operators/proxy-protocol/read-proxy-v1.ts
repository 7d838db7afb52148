import { ProtocolError } from '../core/protocol-error.js';
import { isIPv4, isIPv6 } from '../http/ip-address.js';
import type { ProxiedEnd, ProxyHeader, ReadHeader } from './proxy-header.js';

/** The longest line there can be, with its CRLF. Bytes. */
const LONGEST = 107;

/** `PROXY TCP4 source destination port port CRLF`, a line of ASCII; UNKNOWN may be followed by anything. */
export function readProxyV1(bytes: Buffer): ReadHeader | undefined {
  const end = bytes.subarray(0, LONGEST).indexOf('\r\n');
  if (end < 0) {
    if (bytes.length >= LONGEST) throw bad('a line longer than 107 bytes');
    return undefined;
  }
  return { header: parse(bytes.toString('latin1', 0, end)), length: end + 2 };
}

function parse(line: string): ProxyHeader {
  const [, protocol, source, destination, sourcePort, destinationPort, ...rest] = line.split(' ');
  const header = { version: 1, command: 'proxy', tlvs: undefined } as const;
  if (protocol === 'UNKNOWN') return { ...header, source: undefined, destination: undefined };
  if ((protocol !== 'TCP4' && protocol !== 'TCP6') || rest.length > 0) throw bad('neither TCP4, TCP6 nor UNKNOWN');
  const family = protocol === 'TCP4' ? 'IPv4' : 'IPv6';
  return {
    ...header,
    source: endOf(family, source, sourcePort),
    destination: endOf(family, destination, destinationPort),
  };
}

function endOf(family: 'IPv4' | 'IPv6', address = '', port = ''): ProxiedEnd {
  const good = family === 'IPv4' ? isIPv4(address) : isIPv6(address);
  if (!good || !/^(0|[1-9]\d{0,4})$/.test(port) || Number(port) > 65_535) throw bad('no address, or no port');
  return { family, address, port: Number(port) };
}

function bad(what: string): ProtocolError {
  return new ProtocolError('BAD_PROXY_HEADER', `a PROXY header with ${what}`);
}
