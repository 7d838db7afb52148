import { ipToBytes } from '../../operators/tunnel/ip-bytes.js';
import type { ResolvedAddress } from '../sockets/resolved-address.js';

/** A prefix: its bytes, and how many bits of them count. */
interface Prefix {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/**
 * What is not the Internet's, of IPv4 (the special-purpose registry of IANA, RFC 6890): this host, private networks, shared space of
 * carriers, loopback, link-local, protocol assignments, documentation, 6to4 relays, benchmarks, multicast, reserved, broadcast.
 */
const NOT_PUBLIC_IPV4 = prefixes([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);

/** All of IPv6 that is given out for the Internet (RFC 4291 §2.4). */
const GLOBAL_UNICAST = prefixes(['2000::/3']);
/** What of it is something else: protocol assignments with Teredo, documentation twice, and 6to4, which leads to any IPv4 address. */
const NOT_PUBLIC_IPV6 = prefixes(['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);
/** IPv6 that stands for the IPv4 address in its last four bytes: mapped (RFC 4291 §2.5.5.2), and translated on the way (RFC 6052). */
const CARRIES_IPV4 = prefixes(['::ffff:0:0/96', '64:ff9b::/96']);

/**
 * An address policy that lets connections go to public addresses only: not to this machine, its networks, or a cloud's metadata
 * service. For requests to URLs that somebody else chose. Whatever is not known to be public is refused, zones of link-local addresses and
 * IPv6 forms of IPv4 addresses included.
 *
 * @example
 * ```ts
 * import { createClient, publicAddressesOnly } from 'rxweir';
 * const client = createClient({ addressPolicy: publicAddressesOnly });
 * client.request('http://0x7f.1/').subscribe({ error: ({ code }) => console.log(code) }); // ADDRESS_REFUSED
 * ```
 */
export function publicAddressesOnly({ address }: Pick<ResolvedAddress, 'address'>): boolean {
  const bytes = ipToBytes(address);
  if (bytes === undefined) return false;
  if (bytes.length === 4) return !within(bytes, NOT_PUBLIC_IPV4);
  if (within(bytes, CARRIES_IPV4)) return !within(bytes.subarray(12), NOT_PUBLIC_IPV4);
  return within(bytes, GLOBAL_UNICAST) && !within(bytes, NOT_PUBLIC_IPV6);
}

function prefixes(texts: readonly string[]): readonly Prefix[] {
  return texts.map((text) => {
    const [address = '', bits] = text.split('/');
    return { bytes: ipToBytes(address) as Uint8Array, bits: Number(bits) };
  });
}

function within(bytes: Uint8Array, list: readonly Prefix[]): boolean {
  return list.some(({ bytes: prefix, bits }) => {
    for (let i = 0; i * 8 < bits; i++) {
      const mask = bits - i * 8 >= 8 ? 0xff : (0xff << (8 - (bits - i * 8))) & 0xff;
      if ((((bytes[i] as number) ^ (prefix[i] as number)) & mask) !== 0) return false;
    }
    return true;
  });
}
