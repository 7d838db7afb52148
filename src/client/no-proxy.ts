/**
 * Which hosts no proxy is used for: the list of `no_proxy`, as curl and others read it. Entries are separated by commas or white
 * space:
 *
 * - `*`: every host
 * - `example.com`, `.example.com`, `*.example.com`: the host and all below it
 * - `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`: that address, however it is written
 * - `10.0.0.0/8`, `fd00::/8`: a range of addresses
 * - any of these but the range with `:port`, then for that port only; an IPv6 address in brackets
 */
import { ipToBytes } from '../../operators/tunnel/ip-bytes.js';

/** @param host as a URL has it: lower case, IPv6 with or without brackets */
export function isExempt(list: string, host: string, port: number): boolean {
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  const name = bare.endsWith('.') ? bare.slice(0, -1) : bare;
  const address = addressOf(name);
  return entriesOf(list).some((entry) => matches(entry, name, address, port));
}

function entriesOf(list: string): string[] {
  const entries: string[] = [];
  let entry = '';
  for (const char of `${list},`) {
    if (char !== ',' && char !== ' ' && char !== '\t' && char !== '\n' && char !== '\r') entry += char;
    else if (entry !== '') {
      entries.push(entry.toLowerCase());
      entry = '';
    }
  }
  return entries;
}

function matches(entry: string, name: string, address: Uint8Array | undefined, port: number): boolean {
  if (entry === '*') return true;
  const slash = entry.indexOf('/');
  if (slash >= 0) return address !== undefined && isInRange(address, entry.slice(0, slash), entry.slice(slash + 1));
  const [host, only] = splitPort(entry);
  if (only !== undefined && only !== String(port)) return false;
  const own = addressOf(host);
  // An address is never below a name, nor a name below an address.
  if (own !== undefined || address !== undefined) {
    return own !== undefined && address !== undefined && Buffer.compare(own, address) === 0;
  }
  return isBelow(name, host);
}

function isBelow(name: string, entry: string): boolean {
  let domain = entry.startsWith('*.') ? entry.slice(2) : entry;
  if (domain.startsWith('.')) domain = domain.slice(1);
  if (domain.endsWith('.')) domain = domain.slice(0, -1);
  return domain !== '' && (name === domain || name.endsWith(`.${domain}`));
}

/** The host, without brackets, and the port behind it; what has more than one colon and no brackets is an IPv6 address. */
function splitPort(entry: string): [host: string, port: string | undefined] {
  if (entry.startsWith('[')) {
    const close = entry.indexOf(']');
    const host = entry.slice(1, close < 0 ? undefined : close);
    return [host, entry[close + 1] === ':' ? entry.slice(close + 2) : undefined];
  }
  const colon = entry.indexOf(':');
  if (colon < 0 || entry.indexOf(':', colon + 1) >= 0) return [entry, undefined];
  return [entry.slice(0, colon), entry.slice(colon + 1)];
}

/** Its bytes, those of IPv4 also for an IPv6 address that stands for one. */
function addressOf(text: string): Uint8Array | undefined {
  const bytes = ipToBytes(text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text);
  return bytes !== undefined && isMapped(bytes) ? bytes.subarray(12) : bytes;
}

function isMapped(bytes: Uint8Array): boolean {
  return (
    bytes.length === 16 && bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0)
  );
}

function isInRange(address: Uint8Array, network: string, length: string): boolean {
  const start = ipToBytes(network.startsWith('[') && network.endsWith(']') ? network.slice(1, -1) : network);
  const bits = length === '' ? NaN : Number(length);
  if (start === undefined || start.length !== address.length || !(bits >= 0 && bits <= start.length * 8)) return false;
  for (let bit = 0; bit < bits; bit++) {
    const mask = 0x80 >> (bit & 7);
    if (((start[bit >> 3] as number) & mask) !== ((address[bit >> 3] as number) & mask)) return false;
  }
  return true;
}
