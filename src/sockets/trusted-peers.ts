import { BlockList, isIP } from 'node:net';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { Address } from './byte-duplex.js';

/** Who is believed what it says of others: addresses, subnets (`10.0.0.0/8`), and `unix` for UNIX sockets. */
export class TrustedPeers {
  readonly #list = new BlockList();
  readonly #unix: boolean;

  /** @throws `UsageError` `INVALID_OPTION` */
  constructor(peers: readonly string[]) {
    this.#unix = peers.includes('unix');
    for (const peer of peers) if (peer !== 'unix') this.#add(peer);
  }

  /** An IPv4 address mapped into IPv6 is that address. */
  has({ family, address }: Pick<Address, 'family' | 'address'>): boolean {
    if (family === 'unix') return this.#unix;
    const bare = address.split('%')[0] as string;
    const version = isIP(bare);
    if (version === 0) return false;
    return this.#list.check(bare, version === 6 ? 'ipv6' : 'ipv4');
  }

  #add(peer: string): void {
    const [address = '', bits, ...rest] = peer.split('/');
    const version = isIP(address);
    const most = version === 6 ? 128 : 32;
    const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
    if (version === 0 || !fits || rest.length > 0) {
      throw new UsageError('INVALID_OPTION', `trustedProxies: ${JSON.stringify(peer)} is no address or subnet`);
    }
    const family = version === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) this.#list.addAddress(address, family);
    else this.#list.addSubnet(address, Number(bits), family);
  }
}
