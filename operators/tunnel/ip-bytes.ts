/** IP addresses between text and bytes, as SOCKS and the PROXY protocol carry them. */
import { isIPv4, isIPv6 } from '../http/ip-address.js';

/** Four or sixteen bytes, or undefined for what is no address. */
export function ipToBytes(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number);
  return isIPv6(text) ? ipv6Bytes(text) : undefined;
}

/** The address of four or sixteen bytes; IPv6 as RFC 5952 §4 writes it, but for the dotted form of mapped ones. */
export function ipFromBytes(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i] as number) << 8) | (bytes[i + 1] as number));
  const [start, length] = longestZeros(groups);
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

function ipv6Bytes(text: string): Uint8Array {
  const [before = '', after] = text.split('::');
  const head = groupBytes(before);
  const tail = groupBytes(after ?? '');
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

function groupBytes(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number(`0x${group}`);
    return [value >> 8, value & 0xff];
  });
}

/** Where the longest run of zeros begins, the first of equal ones, and its length. */
function longestZeros(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let i = 0, run = 0; i < groups.length; i++) {
    run = groups[i] === 0 ? run + 1 : 0;
    if (run > best[1]) best = [i - run + 1, run];
  }
  return best;
}
