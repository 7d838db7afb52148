import { catchError, defer, map, type Observable, throwError } from 'rxjs';
import { NetworkError, UsageError } from '../../operators/core/protocol-error.js';
import { networkError } from './network-error.js';
import type { ConnectTarget } from './network.js';
import { raceAddresses } from './race-addresses.js';
import { type AddressPolicy, checkedAddresses, literalAddress, type ResolvedAddress } from './resolved-address.js';
import { lookupResolver, systemResolver } from './system-resolver.js';
import { bareHost } from './socket-info.js';

/** What decides to which address of a host a connection goes. */
export type HostTarget = Pick<
  ConnectTarget,
  'host' | 'family' | 'resolver' | 'lookup' | 'addressPolicy' | 'happyEyeballs' | 'scheduler'
>;

/**
 * Connects to a host: to the address that it is, or to the first to answer of those that its name has. Whatever it is called, each
 * attempt is for one address, and the policy has been asked about that one.
 *
 * @param connect one attempt, to an address
 */
export function reachHost<T>(target: HostTarget, connect: (address: string) => Observable<T>): Observable<T> {
  return defer(() => {
    const literal = literalAddress(hostName(target));
    if (literal !== undefined) return admitted(literal, target.addressPolicy, connect);
    const race = { ...target.happyEyeballs, scheduler: target.scheduler };
    return raceAddresses(addressesOf(target), (one) => admitted(one, target.addressPolicy, connect), race);
  });
}

/** The addresses of a host: those its resolver finds, of the family that is wanted. Cold. */
export function addressesOf(target: HostTarget): Observable<readonly ResolvedAddress[]> {
  const { resolver, lookup, family } = target;
  return defer(() => {
    const name = hostName(target);
    if (hasControls(name)) throw new UsageError('INVALID_OPTION', 'a host name with control characters');
    if (resolver !== undefined) return resolver(name);
    return lookup === undefined ? systemResolver(name, family) : lookupResolver(lookup, family)(name);
  }).pipe(
    map((found) => checkedAddresses(found)),
    map((found) => (family === undefined ? found : found.filter((one) => one.family === family))),
    catchError((error: unknown) => throwError(() => networkError(error, 'resolve'))),
  );
}

/** @throws NetworkError `ADDRESS_REFUSED` */
export function requireAdmitted(address: ResolvedAddress, policy: AddressPolicy | undefined): void {
  if (policy === undefined) return;
  let cause: unknown;
  try {
    if (policy(address)) return;
  } catch (error) {
    cause = error;
  }
  throw new NetworkError('ADDRESS_REFUSED', 'connect', `the address policy refuses ${address.address}`, cause);
}

/** Of a host that is an address; nothing is known of a name. @throws NetworkError `ADDRESS_REFUSED` */
export function requireAdmittedHost(host: string, policy: AddressPolicy | undefined): void {
  const literal = policy && literalAddress(bareHost(host));
  if (literal !== undefined) requireAdmitted(literal, policy);
}

function admitted<T>(
  one: ResolvedAddress,
  policy: AddressPolicy | undefined,
  connect: (address: string) => Observable<T>,
): Observable<T> {
  requireAdmitted(one, policy);
  return connect(one.address);
}

function hostName({ host }: HostTarget): string {
  return bareHost(host) || 'localhost';
}

/** What a resolver written in C takes for the end of the name, or a terminal for something else. */
function hasControls(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f) return true;
  }
  return false;
}
