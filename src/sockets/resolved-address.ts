import { isIP } from 'node:net';
import type { Observable } from 'rxjs';
import { NetworkError } from '../../operators/core/protocol-error.js';

/** An address of a name. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/**
 * Finds the addresses of a name. Cold; may emit more than once, as answers come, and completes when there are no more. It decides
 * alone: nothing else is connected to, while the certificate still has to be for the name.
 */
export type Resolver = (name: string) => Observable<readonly ResolvedAddress[]>;

/** Whether an address may be connected to; asked before each attempt, about the very address it goes to. */
export type AddressPolicy = (address: ResolvedAddress) => boolean;

/** An address that is one, with the family it is of; undefined for a name. */
export function literalAddress(host: string): ResolvedAddress | undefined {
  const family = isIP(host);
  return family === 0 ? undefined : { address: host, family: family as 4 | 6 };
}

/** The answer of a resolver, checked. @throws NetworkError `BAD_ADDRESS` for what is no address, or one of the other family */
export function checkedAddresses(found: readonly ResolvedAddress[]): readonly ResolvedAddress[] {
  for (const { address, family } of found) {
    if (isIP(address) === family) continue;
    const text = JSON.stringify(String(address).slice(0, 100));
    throw new NetworkError('BAD_ADDRESS', 'resolve', `the resolver answered ${text}, which is no IPv${family} address`);
  }
  return found;
}
