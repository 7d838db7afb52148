import { ProtocolError } from '../core/protocol-error.js';
import type { ProxiedEnd, ProxyHeader, ReadHeader } from './proxy-header.js';
import { readProxyTlvs } from './read-proxy-tlvs.js';

/** What version 2 begins with: nothing any text protocol would. */
export const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const FIXED = 16;

/** Address bytes by family, for both ends together. */
const IPV4 = 12;
const IPV6 = 36;
const UNIX = 216;

export function readProxyV2(bytes: Buffer, maxBytes: number): ReadHeader | undefined {
  if (bytes.length < FIXED) return undefined;
  const versionAndCommand = bytes[12] as number;
  const command = versionAndCommand & 0xf;
  if (versionAndCommand >> 4 !== 2 || command > 1) throw bad('of a version or command that there is not');
  const length = FIXED + bytes.readUInt16BE(14);
  if (length > maxBytes) {
    const limit = { limit: 'maxBytes' } as const;
    throw new ProtocolError('PROXY_HEADER_LIMIT', `a PROXY header of ${length} bytes, more than ${maxBytes}`, limit);
  }
  if (bytes.length < length) return undefined;
  return { header: command === 0 ? LOCAL : parse(bytes.subarray(0, length)), length };
}

/** Of a proxy that speaks for itself the rest of the header is no concern, whatever it is. */
const LOCAL: ProxyHeader = { version: 2, command: 'local', source: undefined, destination: undefined, tlvs: undefined };

function parse(header: Buffer): ProxyHeader {
  const family = (header[13] as number) >> 4;
  const size = [0, IPV4, IPV6, UNIX][family];
  const transport = (header[13] as number) & 0xf;
  if (size === undefined || transport > 2) throw bad('of a family or transport that there is not');
  if (header.length < FIXED + size) throw bad('too short for its addresses');
  const known = family !== 0 && transport !== 0;
  return {
    version: 2,
    command: 'proxy',
    source: known ? endOf(header, family, 0) : undefined,
    destination: known ? endOf(header, family, 1) : undefined,
    tlvs: readProxyTlvs(header, FIXED + size),
  };
}

function endOf(header: Buffer, family: number, which: 0 | 1): ProxiedEnd {
  if (family === 1) {
    const at = FIXED + 4 * which;
    return { family: 'IPv4', address: header.subarray(at, at + 4).join('.'), port: portAt(header, FIXED + 8, which) };
  }
  if (family === 2) {
    const at = FIXED + 16 * which;
    return { family: 'IPv6', address: ipv6(header.subarray(at, at + 16)), port: portAt(header, FIXED + 32, which) };
  }
  const path = header.subarray(FIXED + 108 * which, FIXED + 108 * (which + 1));
  const end = path.indexOf(0);
  return { family: 'unix', address: path.toString('utf8', 0, end < 0 ? path.length : end), port: 0 };
}

function portAt(header: Buffer, at: number, which: 0 | 1): number {
  return header.readUInt16BE(at + 2 * which);
}

/** As text, the longest run of zeros left out (RFC 5952). */
function ipv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  let best = { at: 0, length: 0 };
  for (let i = 0, run = 0; i < 8; i++) {
    run = groups[i] === '0' ? run + 1 : 0;
    if (run > best.length) best = { at: i - run + 1, length: run };
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.at).join(':')}::${groups.slice(best.at + best.length).join(':')}`;
}

function bad(what: string): ProtocolError {
  return new ProtocolError('BAD_PROXY_HEADER', `a PROXY header ${what}`);
}
