import { ProtocolError } from '../core/protocol-error.js';
import { crc32c } from './crc32c.js';
import type { ProxiedTls, ProxyTlvs } from './proxy-header.js';

const ALPN = 0x01;
const AUTHORITY = 0x02;
const CRC32C = 0x03;
const UNIQUE_ID = 0x05;
const SSL = 0x20;
const SSL_VERSION = 0x21;
const SSL_COMMON_NAME = 0x22;
const SSL_CIPHER = 0x23;
const NAMESPACE = 0x30;
const LONGEST_ID = 128;
/** More than any proxy sends; each is kept. */
const MOST = 64;

interface Tlv {
  readonly type: number;
  readonly value: Buffer;
  /** Where the value begins. */
  readonly at: number;
}

/** What follows the addresses, `from` there to the end of the header. */
export function readProxyTlvs(header: Buffer, from: number): ProxyTlvs {
  const all = split(header, from);
  checkSum(header, all);
  const find = (type: number): Buffer | undefined => all.find((one) => one.type === type)?.value;
  const uniqueId = find(UNIQUE_ID);
  if (uniqueId !== undefined && uniqueId.length > LONGEST_ID) throw bad('a unique id of more than 128 bytes');
  const ssl = find(SSL);
  return {
    authority: find(AUTHORITY)?.toString('utf8'),
    alpn: find(ALPN)?.toString('latin1'),
    uniqueId: uniqueId && Uint8Array.from(uniqueId),
    namespace: find(NAMESPACE)?.toString('latin1'),
    ssl: ssl && readSsl(ssl),
    all: all.map(({ type, value }) => ({ type, value: Uint8Array.from(value) })),
  };
}

function split(bytes: Buffer, from: number): Tlv[] {
  const all: Tlv[] = [];
  let at = from;
  while (at < bytes.length) {
    if (at + 3 > bytes.length) throw bad('a field cut short');
    const end = at + 3 + bytes.readUInt16BE(at + 1);
    if (end > bytes.length) throw bad('a field longer than what is left');
    if (all.length === MOST) throw bad(`more than ${MOST} fields`);
    all.push({ type: bytes[at] as number, value: bytes.subarray(at + 3, end), at: at + 3 });
    at = end;
  }
  return all;
}

/** Over the whole header, with zeros in its own place. */
function checkSum(header: Buffer, all: readonly Tlv[]): void {
  const sum = all.find(({ type }) => type === CRC32C);
  if (sum === undefined) return;
  if (sum.value.length !== 4) throw bad('a checksum that is none');
  const zeroed = Buffer.from(header);
  zeroed.fill(0, sum.at, sum.at + 4);
  if (crc32c(zeroed) !== sum.value.readUInt32BE(0)) throw bad('a checksum that does not fit');
}

function readSsl(value: Buffer): ProxiedTls | undefined {
  if (value.length < 5) throw bad('less of TLS than there must be');
  const client = value[0] as number;
  const fields = split(value, 5);
  const text = (type: number): string | undefined => fields.find((one) => one.type === type)?.value.toString('utf8');
  if ((client & 1) === 0) return undefined; // the client did not speak TLS
  return {
    verified: (client & 2) !== 0 && value.readUInt32BE(1) === 0,
    version: text(SSL_VERSION),
    cipher: text(SSL_CIPHER),
    commonName: text(SSL_COMMON_NAME),
  };
}

function bad(what: string): ProtocolError {
  return new ProtocolError('BAD_PROXY_HEADER', `a PROXY header with ${what}`);
}
