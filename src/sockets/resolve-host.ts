import { map, type Observable, of, reduce } from 'rxjs';
import { NetworkError } from '../../operators/core/protocol-error.js';
import { addressesOf, type HostTarget, requireAdmitted } from './reach-host.js';
import { literalAddress, type ResolvedAddress } from './resolved-address.js';
import { bareHost } from './socket-info.js';

/**
 * One address of a host, for a proxy that is to be given addresses only: the first that the policy lets through, IPv6 before IPv4; an
 * address is its own. Cold. Fails with `NetworkError` of phase `resolve`, or `ADDRESS_REFUSED`.
 */
export function resolveHost(target: HostTarget): Observable<string> {
  const literal = literalAddress(bareHost(target.host));
  const found = literal === undefined ? addressesOf(target) : of([literal]);
  return found.pipe(
    reduce((all: readonly ResolvedAddress[], more) => [...all, ...more], []),
    map((all) => chosen(all, target)),
  );
}

function chosen(found: readonly ResolvedAddress[], { host, addressPolicy }: HostTarget): string {
  let refusal: unknown;
  for (const one of [...found].sort((a, b) => b.family - a.family)) {
    try {
      requireAdmitted(one, addressPolicy);
      return one.address;
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal ?? new NetworkError('ENOTFOUND', 'resolve', `no address for ${host}`);
}
